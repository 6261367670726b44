"""A model built from chapters: the same numbers as transformers, and nothing half done."""

import ast
import functools
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from grader.errors import KataError, UsageError
from grader.model.assemble import assemble
from grader.model.build import BuildReport, build
from grader.model.configs import ModelConfig, custom
from grader.model.generate import generate
from grader.overlay import overlay

ROOT = Path(__file__).parents[2]
SOLUTIONS = ROOT / "solutions"
TINY = custom(emb_dim=12, n_layers=2, n_heads=3, context_length=24)
PROMPT = "Every effort moves you"


def hugging_face(config: ModelConfig, seed: int = 0) -> Any:
    """A GPT-2 of transformers with random numbers everywhere, biases and norms too."""
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(**config.hugging_face())).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.2)
    return model


def load_script(folder: Path) -> ModuleType:
    """The folder's gpt2.py as a module."""
    spec = importlib.util.spec_from_file_location("built_gpt2", folder / "gpt2.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def far(one: torch.Tensor, other: torch.Tensor) -> float:
    assert one.shape == other.shape
    return (one - other).abs().max().item()


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that transformers saved."""
    folder = tmp_path_factory.mktemp("checkpoint") / "saved"
    hugging_face(TINY).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def built(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The reference's model with the weights of `checkpoint`."""
    out = tmp_path_factory.mktemp("built") / "model"
    said: list[tuple[int, int, str]] = []
    report = build(
        TINY, SOLUTIONS, SOLUTIONS, out, checkpoint, progress=lambda *step: said.append(step)
    )
    assert said[0][2] == "checking the chapters"
    assert (4 * TINY.parameters, 4 * TINY.parameters, "copying weights") in said
    return report


@pytest.fixture(scope="module")
def script(built: BuildReport) -> ModuleType:
    module = load_script(built.folder)
    module.load_tokenizer = functools.cache(module.load_tokenizer)  # 50,000 tokens each time
    return module


def test_a_checkpoint_of_transformers_gives_its_logits(
    built: BuildReport, script: ModuleType, checkpoint: Path
) -> None:
    """What transformers saved gives, through gpt2.py, the logits that transformers computes."""
    from transformers import GPT2LMHeadModel

    ids = torch.randint(50257, (3, 24), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = GPT2LMHeadModel.from_pretrained(checkpoint).eval()(ids).logits
        came = script.load_gpt2(built.folder)(ids)
    assert wanted.abs().max() > 1
    assert far(came, wanted) <= 1e-4


def test_transformers_opens_the_folder_without_a_warning(
    built: BuildReport, script: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """Model and tokenizer open as Hugging Face's do, and the logits are gpt2.py's."""
    import transformers

    transformers.logging.enable_propagation()
    with caplog.at_level("INFO"):
        model, loading = transformers.GPT2LMHeadModel.from_pretrained(
            built.folder, output_loading_info=True
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(built.folder)
    assert not [r for r in caplog.records if r.levelname != "INFO"]
    assert not any(loading.values())
    assert model.config.model_type == "gpt2"
    ids = tokenizer(PROMPT, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        assert far(script.load_gpt2(built.folder)(ids), model.eval()(ids).logits) <= 1e-4


def test_gpt2py_has_tiktokens_ids(built: BuildReport, script: ModuleType) -> None:
    """The tokenizer that gpt2.py makes from the folder gives transformers' ids and the known."""
    from transformers import AutoTokenizer

    expected = AutoTokenizer.from_pretrained(built.folder)
    tokenizer = script.load_tokenizer(built.folder)
    assert tokenizer.n_vocab == 50257
    assert tokenizer.encode_ordinary("Akwirw ier") == [33901, 86, 343, 86, 220, 959]
    for text in (PROMPT, "naïve 日本語 🤖 \n\n  x\t\u0000", "don't you'll 12345  ", "ÿĀ¡­"):
        assert tokenizer.encode_ordinary(text) == expected(text)["input_ids"]
        assert tokenizer.decode(tokenizer.encode_ordinary(text)) == text


def test_the_report_says_what_was_built(built: BuildReport, checkpoint: Path) -> None:
    """Sizes, sources and the model's first word are in the report; the folder is complete."""
    assert built.parameters == TINY.parameters
    assert built.weight_bytes == 4 * TINY.parameters
    assert built.weights == checkpoint
    assert list(built.chapters) == ["ch03_attention", "ch04_gpt", "ch05_pretraining"]
    assert built.from_reference == ()
    assert built.text.startswith(PROMPT)
    assert len(built.text) > len(PROMPT)
    assert built.peak_memory is None or built.peak_memory > 2**27
    assert names(built.folder) == [
        "build.json",
        "config.json",
        "gpt2.py",
        "merges.txt",
        "model.safetensors",
        "special_tokens_map.json",
        "tokenizer_config.json",
        "vocab.json",
    ]
    assert str(ROOT) not in "".join(
        p.read_text(encoding="utf-8") for p in built.folder.glob("*.[jp]*")
    )


def pieces(script: ModuleType, folder: Path, **options: Any) -> list[str]:
    settings = {"max_new_tokens": 8, "temperature": 1.0, "top_k": None, "seed": 0} | options
    return list(script.generate_text(folder, PROMPT, **settings))


def test_sampling_follows_seed_temperature_and_top_k(
    built: BuildReport, script: ModuleType
) -> None:
    """One seed gives one text, another seed another; top-k 1 and temperature 0 are greedy."""
    text = {s: "".join(pieces(script, built.folder, seed=s)) for s in (0, 0, 1, 2)}
    assert text[0] == "".join(pieces(script, built.folder, seed=0))
    assert len(set(text.values())) > 1
    greedy = "".join(pieces(script, built.folder, temperature=0.0))
    assert greedy == "".join(pieces(script, built.folder, top_k=1, seed=5, temperature=3.0))
    assert greedy == "".join(pieces(script, built.folder, temperature=1e-300, seed=7))
    model, ids = script.load_gpt2(built.folder), script.load_tokenizer(built.folder)
    expected = ids.encode_ordinary(PROMPT)
    for _ in range(8):
        with torch.no_grad():
            expected.append(int(model(torch.tensor([expected[-24:]]))[0, -1].argmax()))
    assert greedy == ids.decode(expected)


def test_sampling_draws_from_the_top_k_with_their_odds(script: ModuleType) -> None:
    """Only the k likeliest are drawn, as often as softmax at that temperature says."""
    logits = torch.tensor([0.0, 2.0, 1.0, -1.0, 1.5])
    generator = torch.Generator().manual_seed(0)
    drawn = [script.sample(logits, 0.5, 3, generator) for _ in range(4000)]
    odds = torch.softmax(torch.tensor([2.0, 1.0, 1.5]) / 0.5, dim=0)
    for token, chance in zip((1, 2, 4), odds.tolist(), strict=True):
        # six standard deviations of a binomial
        assert abs(drawn.count(token) - 4000 * chance) < 6 * (4000 * chance * (1 - chance)) ** 0.5
    assert set(drawn) == {1, 2, 4}
    assert {script.sample(logits, 50.0, 99, generator) for _ in range(500)} == {0, 1, 2, 3, 4}


def test_generation_streams_and_crops(built: BuildReport, script: ModuleType) -> None:
    """The prompt comes first, then a piece a token, also past the end of the context."""
    stream = pieces(script, built.folder, max_new_tokens=30)
    assert stream[0] == PROMPT
    assert 1 < len(stream) <= 32
    assert pieces(script, built.folder, max_new_tokens=0) == [PROMPT, ""]
    long = script.generate_text(built.folder, "word " * 100, 2, 1.0, 5, 0)
    assert "".join(long).startswith("word " * 100)
    assert len("".join(script.generate_text(built.folder, "", 5, 1.0, None, 0))) > 0


def test_characters_over_several_tokens_come_whole(built: BuildReport, script: ModuleType) -> None:
    """A character that is spread over tokens is written once it is complete."""
    ids = script.load_tokenizer(built.folder).encode_ordinary("🤖!")
    assert len(ids) > 2
    script.stream, kept = (lambda *_: iter(ids)), script.stream
    try:
        stream = pieces(script, built.folder)
    finally:
        script.stream = kept
    assert "".join(stream) == PROMPT + "🤖!"
    assert "\ufffd" not in "".join(stream)


def test_the_file_stands_alone(built: BuildReport, tmp_path: Path) -> None:
    """It imports torch, tiktoken and the standard library, and runs isolated and moved away."""
    source = (built.folder / "gpt2.py").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            tops = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            for top in (str(name).split(".")[0] for name in tops):
                assert top in {"torch", "tiktoken"} or top in sys.stdlib_module_names
    moved = tmp_path / "moved here"
    shutil.copytree(built.folder, moved)
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-I", moved / "gpt2.py", PROMPT, "--max-new-tokens", "4", "--seed", "3"],
        cwd=tmp_path / "empty",
        env={"PATH": "", "SYSTEMROOT": "C:\\Windows"},
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    told = generate(built.folder, PROMPT, max_new_tokens=4, seed=3)
    assert done.stdout.decode() == "".join(told)
    assert names(tmp_path / "empty") == []


def test_generate_refuses_what_cannot_be(built: BuildReport, tmp_path: Path) -> None:
    """Bad numbers and folders are refused at once, before any process starts."""
    with pytest.raises(UsageError, match=r"has no gpt2\.py; make such a folder with kata build"):
        generate(tmp_path, PROMPT)
    for options, said in (
        ({"max_new_tokens": -1}, "max_new_tokens is -1"),
        ({"temperature": -0.5}, "temperature is -0.5"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_k": 0}, "top_k is 0"),
        ({"seed": -1}, "seed is -1"),
    ):
        with pytest.raises(UsageError, match=said):
            generate(built.folder, PROMPT, **options)


def test_a_gpt2py_that_raises_is_one_sentence(tmp_path: Path) -> None:
    """An error in a folder's gpt2.py arrives with its line, after the text that came before."""
    for name in ("config.json", "model.safetensors", "vocab.json"):
        (tmp_path / name).touch()
    (tmp_path / "gpt2.py").write_text("import sys\nprint(sys.argv[-1])\nraise OSError('no luck')\n")
    told = generate(tmp_path, "-5 \udce4")
    assert next(told).startswith("-5 ")
    with pytest.raises(KataError, match=r"^gpt2\.py line 3 raised OSError: no luck$"):
        list(told)


def subject(tmp_path: Path, **added: str) -> Path:
    """The reference with code added at the end of chapters."""
    folder = tmp_path / "subject"
    folder.mkdir()
    for chapter in ("ch03_attention", "ch04_gpt", "ch05_pretraining"):
        text = (SOLUTIONS / f"{chapter}.py").read_text(encoding="utf-8")
        (folder / f"{chapter}.py").write_text(text + added.get(chapter, ""), encoding="utf-8")
    return folder


def test_a_learner_with_a_style_of_their_own(
    built: BuildReport, tmp_path: Path, checkpoint: Path
) -> None:
    """Aliases, helpers, einsum and prints at import build a model, in place of a former one."""
    shutil.copytree(built.folder, tmp_path / "model")
    folder = subject(
        tmp_path,
        ch04_gpt=(
            "\nfrom . import ch03_attention as _att\n"
            "import torch.nn.functional as F\n"
            "print('hello from chapter 4')\n"
            "SCALE = {'root': 0.5}\n"
            "SCALE['root'] *= 1\n"
            "def _fill(scores, T):\n"
            "    return scores.masked_fill(torch.ones(T, T).triu(1).bool(), float('-inf'))\n"
            "class MyAttention(_att.MultiHeadAttention):\n"
            "    def forward(self, x):\n"
            "        from .ch03_attention import softmax as soft\n"
            "        B, T, _ = x.shape\n"
            "        H = self.num_heads\n"
            "        q, k, v = (f(x).view(B, T, H, -1) for f in\n"
            "                   (self.W_query, self.W_key, self.W_value))\n"
            "        scores = torch.einsum('bthd,bshd->bhts', q, k)\n"
            "        weights = soft(_fill(scores * q.shape[-1] ** -SCALE['root'], T), dim=-1)\n"
            "        return self.out_proj(torch.einsum('bhts,bshd->bthd', weights, v).flatten(2))\n"
            "MultiHeadAttention = MyAttention\n"
        ),
        ch05_pretraining=(
            "\n_book = load_weights_into_gpt\n"
            "def load_gpt2(folder, *, _inner=load_gpt2):\n"
            "    from .ch04_gpt import GPTModel as G\n"
            "    model = _inner(folder)\n"
            "    assert isinstance(model, G), f'{G.__name__}'\n"
            "    return model\n"
        ),
    )
    report = build(TINY, folder, SOLUTIONS, tmp_path / "model", checkpoint)
    assert report.from_reference == ()
    text = (report.folder / "gpt2.py").read_text(encoding="utf-8")
    assert "einsum" in text
    assert "hello" not in text
    assert "def _fill_ch05" in text
    assert text != (built.folder / "gpt2.py").read_text(encoding="utf-8")
    assert names(tmp_path) == ["model", "subject"]


@pytest.mark.parametrize("chapter", ["ch03_attention", "ch04_gpt", "ch05_pretraining"])
def test_every_right_alternative_makes_a_gpt2(tmp_path: Path, chapter: str) -> None:
    """Each unusual but correct answer in the repo can be joined, and gives transformers' logits."""
    config = custom(emb_dim=12, n_layers=2, n_heads=3, vocab_size=31, context_length=9)
    model = hugging_face(config)
    model.save_pretrained(tmp_path / "saved")
    ids = torch.randint(31, (2, 7), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        wanted = model(ids).logits
    answers = sorted((ROOT / "tests" / chapter / "right").glob("*.py"))
    assert answers
    reference = (SOLUTIONS / f"{chapter}.py").read_text(encoding="utf-8")
    for path in answers:
        folder = tmp_path / path.stem
        folder.mkdir()
        text = overlay(reference, path.read_text(encoding="utf-8"))
        (folder / f"{chapter}.py").write_text(text, encoding="utf-8")
        (folder / "gpt2.py").write_text(assemble(folder, SOLUTIONS, "A title.").text)
        with torch.no_grad():
            came = load_script(folder).load_gpt2(tmp_path / "saved")(ids)
        assert far(came, wanted) <= 1e-4, path.stem


def test_the_real_size_end_to_end(tmp_path: Path) -> None:
    """The 124M model is built from a seed, opens in transformers, and both agree."""
    from transformers import GPT2LMHeadModel

    out = tmp_path / "model"
    report = build("124M", SOLUTIONS, SOLUTIONS, out, seed=4)
    assert report.parameters == 124_439_808
    assert (out / "model.safetensors").stat().st_size > report.weight_bytes == 497_759_232
    record = json.loads((out / "build.json").read_text(encoding="utf-8"))
    assert (record["size"], record["seed"], record["weights"]) == ("124M", 4, "drawn")
    ids = torch.tensor([[6109, 3626, 6100, 345, 15496, 11, 314, 716]])
    with torch.no_grad():
        wanted = GPT2LMHeadModel.from_pretrained(out).eval()(ids).logits
        came = load_script(out).load_gpt2(out)(ids)
    assert far(came, wanted) <= 1e-4
    loss = torch.nn.functional.cross_entropy(came[0, :-1], ids[0, 1:])
    assert 10.5 < loss.item() < 11.2
