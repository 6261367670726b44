"""A build that cannot be done says so in one sentence, and leaves what was there as it was."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.errors import KataError, UsageError, WeightsError
from grader.model.build import build
from grader.model.configs import custom

ROOT = Path(__file__).parents[2]
SOLUTIONS = ROOT / "solutions"
TINY = custom(emb_dim=12, n_layers=2, n_heads=3, context_length=24)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_importing_what_the_cli_calls_imports_no_torch() -> None:
    """`kata --help` must be quick: torch is loaded by the process that a build starts."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import grader.model.build, grader.model.generate\n"
        "assert not {'torch', 'numpy', 'tiktoken'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code, ROOT], check=True)


# What a build replaces, and what it leaves alone.


def test_only_unchanged_builds_are_replaced(tmp_path: Path) -> None:
    """A folder with somebody's file, a changed gpt2.py or no record is refused at once."""
    out = tmp_path / "model"
    out.mkdir()
    (out / "gpt2.py").write_bytes(b"built")
    record = {"gpt2.py": hashlib.sha256(b"built").hexdigest()}
    (out / "build.json").write_text(json.dumps(record))
    (out / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds notes\.txt, which no build has written"):
        build(TINY, SOLUTIONS, SOLUTIONS, out)
    (out / "notes.txt").unlink()
    (out / "gpt2.py").write_text("mine")
    with pytest.raises(UsageError, match=r"gpt2\.py was changed after it was built"):
        build(TINY, SOLUTIONS, SOLUTIONS, out)
    (out / "build.json").unlink()
    with pytest.raises(UsageError, match="is not empty, and not a former build"):
        build(TINY, SOLUTIONS, SOLUTIONS, out)
    assert (out / "gpt2.py").read_text() == "mine"
    assert names(tmp_path) == ["model"]


def test_bad_arguments_are_refused_before_any_work(tmp_path: Path) -> None:
    """Unknown sizes, missing folders, foreign weights and odd seeds cost no time and no folder."""
    out = tmp_path / "out" / "model"
    weights = tmp_path / "weights"
    weights.touch()
    with pytest.raises(UsageError, match="no size '1B'"):
        build("1B", SOLUTIONS, SOLUTIONS, out)
    with pytest.raises(UsageError, match="is not a folder"):
        build(TINY, tmp_path / "nowhere", SOLUTIONS, out)
    with pytest.raises(WeightsError, match="weights is empty"):
        build("124M", SOLUTIONS, SOLUTIONS, out, weights)
    with pytest.raises(UsageError, match="seed is -1"):
        build(TINY, SOLUTIONS, SOLUTIONS, out, seed=-1)
    with pytest.raises(UsageError, match="vocab_size is 7"):
        build(custom(emb_dim=4, n_layers=1, n_heads=1, vocab_size=7), SOLUTIONS, SOLUTIONS, out)
    assert names(tmp_path) == ["weights"]


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a build removes the draft, and the former build stays."""

    def interrupt(done: int, total: int, what: str) -> None:
        assert len(names(tmp_path)) == 2  # the draft and its lock
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(TINY, SOLUTIONS, SOLUTIONS, tmp_path / "model", progress=interrupt)
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not on Windows")
def test_a_killed_build_leaves_nothing(tmp_path: Path) -> None:
    """After a SIGKILL of the build its child clears up; there is never a half-written folder."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from grader.model.build import build\n"
        "def progress(done, total, what):\n"
        "    if what == 'drawing weights':\n"
        "        print(what, flush=True)\n"
        "s = Path(sys.argv[2])\n"
        "build('124M', s, s, Path(sys.argv[3]), progress=progress)\n"
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", code, ROOT, SOLUTIONS, tmp_path / "model"], stdout=subprocess.PIPE
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"drawing weights\n"
    assert "model" not in names(tmp_path)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    for _ in range(300):
        if names(tmp_path) == []:
            break
        time.sleep(0.1)
    assert names(tmp_path) == []


# Subjects that are not done, or not right.


def subject(tmp_path: Path, **added: str) -> Path:
    """The reference with code added at the end of chapters."""
    folder = tmp_path / "subject"
    folder.mkdir()
    for chapter in ("ch03_attention", "ch04_gpt", "ch05_pretraining"):
        text = (SOLUTIONS / f"{chapter}.py").read_text(encoding="utf-8")
        (folder / f"{chapter}.py").write_text(text + added.get(chapter, ""), encoding="utf-8")
    return folder


# What the sentence must be like -> what is added to the reference's chapters.
FAULTS: dict[str, dict[str, str]] = {
    r"^ch04_gpt\.GPTModel\.forward is not written yet: finish it \(kata check ch04\) and build "
    r"again$": {
        "ch04_gpt": (
            "\n\ndef _stub(self, in_idx):\n"
            "    raise NotImplementedError('ch04_gpt.GPTModel.forward')\n"
            "GPTModel.forward = _stub\n"
        )
    },
    r"^ch04_gpt\.py line (\d+) raised ValueError: no such luck; mend it \(kata check ch04\)": {
        "ch04_gpt": (
            "\nclass GELU(GELU):\n"
            "    def forward(self, x):\n"
            "        raise ValueError('no such\\nluck')\n"
        )
    },
    r"^what these chapters build is not GPT-2: .* logits are up to \d\S* away .*kata check ch03": {
        "ch04_gpt": "\nGELU.forward = lambda self, x: torch.nn.functional.gelu(x)\n"
    },
    r"^the chapters' GPT-2 custom has 1,210,248 parameters, and OpenAI's has 607,164 ": {
        "ch04_gpt": (
            "\nclass GPTModel(GPTModel):\n    def __init__(self, cfg):\n"
            "        super().__init__({**cfg, 'tied': False})\n"
        )
    },
    r"^the process that runs the chapters ended with exit code 0": {
        "ch05_pretraining": "\nif os._exit(0):\n    load_gpt2 = None\n"
    },
    r"^ch03_attention\.py line \d+ raised SystemExit: 5": {
        "ch03_attention": (
            "\n\ndef _stop(code):\n    raise SystemExit(code)\n"
            "\n\nif _stop(5):\n    MultiHeadAttention = None\n"
        )
    },
}


@pytest.mark.parametrize(
    "said",
    FAULTS,
    ids=["stub", "exception", "erf GELU", "untied head", "process ends", "exit at import"],
)
def test_a_subject_at_fault_gets_one_sentence(tmp_path: Path, said: str) -> None:
    """What a subject's code does wrong is told with its chapter, and no folder is left."""
    folder = subject(tmp_path, **FAULTS[said])
    with pytest.raises(KataError, match=said) as caught:
        build(TINY, folder, SOLUTIONS, tmp_path / "model")
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == ["subject"]
    if "no such luck" in str(caught.value):
        line = int(str(caught.value).split()[2])
        source = (folder / "ch04_gpt.py").read_text(encoding="utf-8").splitlines()
        assert "raise ValueError" in source[line - 1]
