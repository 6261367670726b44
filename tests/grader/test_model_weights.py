"""Checkpoints: what is read, what is refused and in which words, what is written."""

import json
import pickle
import re
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from grader.errors import UsageError, WeightsError
from grader.model.configs import SIZES, config_of, custom
from grader.model.weights import (
    drawn,
    open_checkpoint,
    read_header,
    read_tensor,
    write_checkpoint,
)

TINY = custom(emb_dim=8, n_layers=2, n_heads=2, vocab_size=11, context_length=5)


def tensors(config: Any = TINY, dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {n: torch.randn(s, generator=generator).to(dtype) for n, s in config.shapes().items()}


def save(folder: Path, params: dict[str, torch.Tensor], name: str = "model.safetensors") -> Path:
    folder.mkdir(exist_ok=True)
    save_file(params, folder / name)
    return folder


def read(path: Path) -> dict[str, torch.Tensor]:
    return {name: read_tensor(entry) for name, entry in open_checkpoint(path, TINY).items()}


def assert_equal(came: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    assert came.keys() == wanted.keys()
    for name in wanted:
        assert came[name].dtype == torch.float32
        assert torch.equal(came[name], wanted[name].float()), name


@pytest.mark.parametrize(
    ("size", "parameters"),
    [
        ("124M", 124_439_808),
        ("355M", 354_823_168),
        ("774M", 774_030_080),
        ("1558M", 1_557_611_200),
    ],
)
def test_sizes_have_the_parameters_of_openai(size: str, parameters: int) -> None:
    """The closed form gives OpenAI's counts, and so do the shapes of the tensors."""
    config = config_of(size)
    assert config.parameters == parameters
    assert sum(torch.Size(s).numel() for s in config.shapes().values()) == parameters


def test_an_unknown_size_is_named_with_the_known_ones() -> None:
    """A wrong size says which there are; impossible shapes are refused."""
    with pytest.raises(UsageError, match=r"'125M'.*124M, 355M, 774M, 1558M"):
        config_of("125M")
    with pytest.raises(UsageError, match=r"10.*3"):
        custom(emb_dim=10, n_layers=1, n_heads=3)
    with pytest.raises(UsageError, match=r"n_layers must be at least 1 and is 0"):
        custom(emb_dim=10, n_layers=0, n_heads=1)


@pytest.mark.parametrize("prefix", ["", "transformer."])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_checkpoints_are_read_as_float32(tmp_path: Path, prefix: str, dtype: torch.dtype) -> None:
    """With or without the prefix, in each accepted dtype, a folder and a file give the values."""
    params = tensors(dtype=dtype)
    folder = save(tmp_path / "w", {prefix + n: t for n, t in params.items()})
    assert_equal(read(folder), params)
    assert_equal(read(folder / "model.safetensors"), params)


def test_masks_and_an_equal_head_are_ignored(tmp_path: Path) -> None:
    """Older files' mask buffers are no weights, and a head that equals wte is no second one."""
    params = tensors()
    mask = torch.ones(1, 1, 5, 5, dtype=torch.uint8)
    extra = {"h.0.attn.bias": mask, "transformer.h.1.attn.masked_bias": torch.tensor(-1e4)}
    extra["lm_head.weight"] = params["wte.weight"].clone()
    assert_equal(read(save(tmp_path / "w", params | extra)), params)


def test_shards_are_read(tmp_path: Path) -> None:
    """A folder with an index and several files is one checkpoint."""
    params = tensors()
    names = list(params)
    halves = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for file, part in halves.items():
        save(tmp_path / "w", {n: params[n] for n in part}, file)
    index = {"weight_map": {n: f for f, part in halves.items() for n in part}}
    (tmp_path / "w" / "model.safetensors.index.json").write_text(json.dumps(index))
    assert_equal(read(tmp_path / "w"), params)


def test_what_is_written_is_safetensors(tmp_path: Path) -> None:
    """The library reads our file, names and metadata are those of save_pretrained."""
    params, written = tensors(), []
    path = tmp_path / "model.safetensors"
    write_checkpoint(path, TINY, params.__getitem__, written.append)
    assert_equal(load_file(path), {f"transformer.{n}": t for n, t in params.items()})
    assert written[-1] == 4 * TINY.parameters
    assert written == sorted(written)
    assert read_header(path).keys() == {f"transformer.{n}" for n in params}
    length = struct.unpack("<Q", path.read_bytes()[:8])[0]
    assert json.loads(path.read_bytes()[8 : 8 + length])["__metadata__"] == {"format": "pt"}
    assert length % 8 == 0


def test_the_random_start_is_gpt2s() -> None:
    """Norms are 1 and 0, biases 0, weights normal with 0.02, residual projections smaller."""
    shape = custom(emb_dim=64, n_layers=8, n_heads=2, vocab_size=500, context_length=50)
    start = {n: drawn(shape, 3)(n) for n in shape.shapes()}
    for name, tensor in start.items():
        if "ln_" in name or name.endswith("bias"):
            assert torch.all(tensor == (1.0 if name.endswith("weight") else 0.0))
            continue
        std = 0.02 / 4 if name.endswith("c_proj.weight") else 0.02
        # 6 standard errors of a standard deviation over this many values
        assert tensor.std().item() == pytest.approx(std, rel=6 / (2 * tensor.numel()) ** 0.5)
        assert abs(tensor.mean().item()) < 6 * std / tensor.numel() ** 0.5


def test_the_random_start_follows_the_seed() -> None:
    """One seed gives one start; each tensor has numbers of its own; another seed has others."""
    one, same, other = (drawn(TINY, seed) for seed in (3, 3, 4))
    first = [one(n) for n in TINY.shapes()]
    assert all(torch.equal(a, same(n)) for a, n in zip(first, TINY.shapes(), strict=True))
    assert not torch.equal(first[0], other("wte.weight"))
    by_name = dict(zip(TINY.shapes(), first, strict=True))
    assert not torch.equal(by_name["h.0.attn.c_attn.weight"], by_name["h.1.attn.c_attn.weight"])


Break = Callable[[Path], Any]


def header_of(path: Path) -> tuple[dict[str, Any], bytes]:
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def put(path: Path, header: dict[str, Any] | bytes, data: bytes) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def edit(change: Callable[[dict[str, Any]], Any]) -> Break:
    def apply(folder: Path) -> None:
        header, data = header_of(folder / "model.safetensors")
        change(header)
        put(folder / "model.safetensors", header, data)

    return apply


def file(content: Callable[[bytes], bytes]) -> Break:
    def apply(folder: Path) -> None:
        path = folder / "model.safetensors"
        path.write_bytes(content(path.read_bytes()))

    return apply


def params(change: Callable[[dict[str, torch.Tensor]], Any]) -> Break:
    def apply(folder: Path) -> None:
        found = tensors()
        change(found)
        save(folder, found)

    return apply


def config(**said: Any) -> Break:
    return lambda folder: (folder / "config.json").write_text(
        json.dumps(TINY.hugging_face() | said), encoding="utf-8"
    )


def only(name: str, content: bytes) -> Break:
    def apply(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        (folder / name).write_bytes(content)

    return apply


def zipped(folder: Path) -> None:
    with zipfile.ZipFile(folder / "model.safetensors", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))


def shards(where: dict[str, str]) -> Break:
    def apply(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "a.safetensors")
        index = {"weight_map": dict.fromkeys(tensors(), "a.safetensors") | where}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    return apply


# The words that the sentence must hold, in this order -> what is wrong with the folder.
BAD: dict[str, Break] = {
    "model.safetensors is empty": file(lambda data: b""),
    "is not a safetensors file": file(lambda data: b"hello, I am a text and not a tensor"),
    "is not a safetensors file (it begins with": file(lambda data: data[:5]),
    "is a Git LFS pointer": file(lambda data: b"version https://git-lfs.github.com/spec/v1\n"),
    "is an HDF5 file": file(lambda data: b"\x89HDF\r\n\x1a\n" + data),
    "is a GGUF file": file(lambda data: b"GGUF" + data),
    "is cut off within its header": file(lambda data: data[:100]),
    "is cut off: .* bytes of": file(lambda data: data[:-1]),
    "its tensors end at": file(lambda data: data + b"\0" * 8),
    "this is a pickle": file(lambda data: pickle.dumps({"wte.weight": 1})),
    "this is a pickle, which can run code": zipped,
    "pytorch_model.bin: this is a pickle": only("pytorch_model.bin", pickle.dumps({})),
    "holds neither model.safetensors nor": only("tf_model.h5", b""),
    "holds neither.*a.safetensors, b.safetensors": lambda folder: (
        shutil.copy(folder / "model.safetensors", folder / "a.safetensors"),
        (folder / "model.safetensors").rename(folder / "b.safetensors"),
    ),
    "is not a safetensors file: its header names 'x' twice": lambda folder: put(
        folder / "model.safetensors", b'{"x": {}, "x": {}}', b""
    ),
    "is not a safetensors file: .*[Ee]xpecting": lambda folder: put(
        folder / "model.safetensors", b'{"x": ', b""
    ),
    "entry for 'ln_f.bias' is damaged": edit(lambda h: h["ln_f.bias"].pop("shape")),
    "entry for 'wpe.weight' is damaged": edit(lambda h: h["wpe.weight"].update(shape=[5, 9])),
    "entry for 'wpe.weight' is damaged .*": edit(lambda h: h["wpe.weight"].update(shape=[-5, -8])),
    "entry for 'wpe.weight' is damaged or": edit(lambda h: h["wpe.weight"].update(dtype=["F32"])),
    "overlaps its neighbour or leaves a gap": edit(
        lambda h: h["ln_f.bias"].update(data_offsets=h["ln_f.weight"]["data_offsets"])
    ),
    "lacks h.1.mlp.c_fc.bias": params(lambda p: p.pop("h.1.mlp.c_fc.bias")),
    "wpe.weight has shape (6, 8), GPT-2 custom has (5, 8)": params(
        lambda p: p.update({"wpe.weight": torch.ones(6, 8)})
    ),
    "h.0.mlp.c_proj.weight has shape (8, 32), GPT-2 custom has (32, 8)": params(
        lambda p: p.update({"h.0.mlp.c_proj.weight": torch.ones(8, 32)})
    ),
    "ln_f.weight has dtype F64; only F32, F16, BF16": params(
        lambda p: p.update({"ln_f.weight": torch.ones(8, dtype=torch.float64)})
    ),
    "ln_f.weight has dtype I8": params(
        lambda p: p.update({"ln_f.weight": torch.ones(8, dtype=torch.int8)})
    ),
    "holds h.2.ln_1.weight, which GPT-2 custom does not have": params(
        lambda p: p.update({"h.2.ln_1.weight": torch.ones(8)})
    ),
    "lm_head.weight differs from wte.weight": params(
        lambda p: p.update({"lm_head.weight": p["wte.weight"] + 1})
    ),
    "lm_head.weight differs from wte.weight,": params(
        lambda p: p.update({"lm_head.weight": p["wte.weight"].half()})
    ),
    "holds both transformer.wte.weight and wte.weight": params(
        lambda p: p.update({"transformer.wte.weight": p["wte.weight"] + 1})
    ),
    "holds no GPT-2: it has model.embed_tokens.weight": lambda folder: save(
        folder, {"model.embed_tokens.weight": torch.ones(3)}
    ),
    "holds no GPT-2: it has no tensors": lambda folder: put(
        folder / "model.safetensors", {"__metadata__": {}}, b""
    ),
    "h.0.ln_1.weight holds NaN or infinity": params(
        lambda p: p["h.0.ln_1.weight"].__setitem__(3, float("nan"))
    ),
    "wte.weight holds NaN or infinity": params(
        lambda p: p["wte.weight"].__setitem__((2, 3), float("-inf"))
    ),
    "has n_layer 3, GPT-2 custom has 2": config(n_layer=3),
    "config.json has n_embd 1024, GPT-2 custom has 8; give --size 355M": config(
        n_embd=1024, n_layer=24, n_head=16
    ),
    "config.json has activation_function 'gelu'": config(activation_function="gelu"),
    "config.json has model_type 'llama'": config(model_type="llama"),
    "config.json has layer_norm_epsilon": config(layer_norm_epsilon=1e-6),
    "config.json has tie_word_embeddings False": config(tie_word_embeddings=False),
    "config.json has n_inner 64": config(n_inner=64),
    "config.json is not valid JSON": lambda f: (f / "config.json").write_text("{"),
    "config.json is not a JSON object": lambda f: (f / "config.json").write_text("[]"),
    "points out of its folder, to '../a.safetensors'": shards({"x": "../a.safetensors"}),
    "b.safetensors cannot be read": shards({"x": "b.safetensors"}),
    "a.safetensors lacks x, which model.safetensors.index.json says": shards(
        {"x": "a.safetensors"}
    ),
    "has no weight_map": lambda folder: (
        (folder / "model.safetensors").unlink(),
        (folder / "model.safetensors.index.json").write_text("{}"),
    ),
    "model.safetensors cannot be read: Is a directory": lambda folder: (
        (folder / "model.safetensors").unlink(),
        (folder / "model.safetensors").mkdir(),
    ),
    "w is not there": shutil.rmtree,
}


@pytest.mark.parametrize("said", BAD)
def test_a_bad_checkpoint_gets_one_sentence(tmp_path: Path, said: str) -> None:
    """Whatever is wrong, the sentence names the file, the tensor and both values."""
    folder = save(tmp_path / "w", tensors())
    BAD[said](folder)
    pattern = said if ".*" in said else re.escape(said)
    with pytest.raises(WeightsError, match=pattern) as caught:
        read(folder)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_size_is_recognised(tmp_path: Path) -> None:
    """A checkpoint of another of the four sizes is told by its name, without reading it."""
    header, place = {}, 0
    for name, shape in SIZES["355M"].shapes().items():
        end = place + 2 * torch.Size(shape).numel()
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [place, end]}
        place = end
    path = tmp_path / "model.safetensors"
    put(path, header, b"")
    with path.open("r+b") as sparse:
        sparse.truncate(path.stat().st_size + place)
    assert open_checkpoint(path, SIZES["355M"])["wte.weight"].dtype == "F16"
    with pytest.raises(WeightsError, match=r"wte\.weight has shape .*give --size 355M"):
        open_checkpoint(path, SIZES["124M"])
