"""Safetensors files of GPT-2: read lazily, checked before any work, written tensor by tensor.

A checkpoint is a folder as Hugging Face's `save_pretrained` writes it, whole or in shards, or one
.safetensors file. Only the standard library looks at it here; torch is imported by the functions
that move tensors, in the process that the build starts.

The format: 8 bytes N (little endian), N bytes of JSON {name: {dtype, shape, data_offsets}}, then
the tensors without gaps.
"""

from __future__ import annotations

import json
import math
import os
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import WeightsError
from .configs import FIXED, SIZES, ModelConfig

if TYPE_CHECKING:
    from torch import Tensor

MAX_HEADER = 100 << 20  # bytes; the limit of the safetensors library
STD = 0.02  # of GPT-2's random start
CHUNK = 16 << 20  # bytes read at once where a tensor need not be whole

# Bytes of a value. What GPT-2 comes in is converted to float32; the others are named, not read.
ACCEPTED = {"F32": 4, "F16": 2, "BF16": 2}
KNOWN = ACCEPTED | {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 8),
    **dict.fromkeys(("I32", "U32"), 4),
    **dict.fromkeys(("I16", "U16"), 2),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 1),
}

PREFIX = "transformer."
HEAD = "lm_head.weight"
# Older files carry the causal mask as if it were a weight.
MASKS = re.compile(r"h\.\d+\.attn\.(bias|masked_bias)")
SHARD_INDEX = "model.safetensors.index.json"
HOW_TO_SAVE = "save it with model.save_pretrained(folder) of a current transformers"
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")


@dataclass(frozen=True)
class Entry:
    """Where one tensor lies.

    Attributes:
        file: The file that holds it.
        name: Its name in that file.
        dtype: Its dtype in the format's words, such as "F32".
        shape: Its shape.
        start: Offset in the file of its first byte.
        end: Offset behind its last byte.
    """

    file: Path
    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def open_checkpoint(path: Path, config: ModelConfig) -> dict[str, Entry]:
    """Find every tensor of a GPT-2 of this size, reading headers only.

    Names may begin with `transformer.`; mask buffers are ignored, and a `lm_head.weight` must
    equal the token embedding.

    Args:
        path: A folder or a .safetensors file.
        config: The size that the checkpoint must have.

    Returns:
        The tensors by their names in `config.shapes()`, in that order.

    Raises:
        WeightsError: It is not such a checkpoint; the sentence says where and what.
    """
    try:
        return _open(path, config)
    except OSError as error:
        name = error.filename or path
        raise WeightsError(f"{name} cannot be read: {error.strerror or error}") from None


def _open(path: Path, config: ModelConfig) -> dict[str, Entry]:
    entries = _entries_of(path)
    if path.is_dir() and (path / "config.json").is_file():
        _check_config(path / "config.json", config)
    found: dict[str, Entry] = {}
    head = None
    for name, entry in entries.items():
        bare = name.removeprefix(PREFIX)
        if name == HEAD:
            head = entry
        elif MASKS.fullmatch(bare):
            continue
        elif bare in found:
            raise WeightsError(
                f"{entry.file} holds both {found[bare].name} and {name}, which are one tensor; "
                f"{HOW_TO_SAVE}"
            )
        else:
            found[bare] = entry
    _check_tensors(path, found, config)
    if head is not None:
        _check_head(head, found["wte.weight"])
    return {name: found[name] for name in config.shapes()}


def _entries_of(path: Path) -> dict[str, Entry]:
    """Every tensor of a file or a folder, by its name there."""
    if not path.exists():
        raise WeightsError(
            f"{path} is not there; name a Hugging Face folder or a .safetensors file"
        )
    if not path.is_dir():
        return read_header(path)
    if (path / "model.safetensors").exists():
        return read_header(path / "model.safetensors")
    if (path / SHARD_INDEX).exists():
        return _sharded(path)
    for name in PICKLES:
        if (path / name).exists():
            raise WeightsError(f"{path / name}: {_says_pickle()}")
    others = sorted(p.name for p in path.glob("*.safetensors"))
    if len(others) == 1:
        return read_header(path / others[0])
    held = f"it holds {', '.join(others)}; name one of them" if others else "download it whole"
    raise WeightsError(f"{path} holds neither model.safetensors nor {SHARD_INDEX}: {held}")


def _sharded(folder: Path) -> dict[str, Entry]:
    index = _read_json(folder / SHARD_INDEX)
    where = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(where, dict) or not all(isinstance(v, str) for v in where.values()):
        raise WeightsError(f"{folder / SHARD_INDEX} has no weight_map; {HOW_TO_SAVE}")
    entries: dict[str, Entry] = {}
    for name in sorted(set(where.values())):
        if Path(name).name != name or "\\" in name:
            raise WeightsError(f"{folder / SHARD_INDEX} points out of its folder, to {name!r}")
        for tensor, entry in read_header(folder / name).items():
            if where.get(tensor) == name:
                entries[tensor] = entry
    if missing := sorted(where.keys() - entries.keys()):
        tensor = missing[0]
        raise WeightsError(
            f"{folder / where[tensor]} lacks {tensor}, which {SHARD_INDEX} says it holds; "
            "download it again"
        )
    return entries


def read_header(path: Path) -> dict[str, Entry]:
    """Read and check the header of one safetensors file.

    Args:
        path: The file.

    Returns:
        Its tensors by name.

    Raises:
        WeightsError: It is no safetensors file, or not a whole one.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            if not start:
                raise WeightsError(f"{path} is empty; download it again")
            _refuse_other_formats(path, start)
            length = struct.unpack("<Q", start.ljust(8, b"\0"))[0]
            if not 2 <= length <= MAX_HEADER or file.read(1) != b"{":
                raise WeightsError(
                    f"{path} is not a safetensors file (it begins with {start!r}); {HOW_TO_SAVE}"
                )
            header = b"{" + file.read(length - 1)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from None
    if len(header) < length:
        raise WeightsError(
            f"{path} is cut off within its header: {size:,} bytes of more than {8 + length:,}; "
            "download it again"
        )
    try:
        tensors = json.loads(header, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is not a safetensors file: {error}; {HOW_TO_SAVE}") from None
    tensors.pop("__metadata__", None)
    entries = {n: _entry(path, n, t, 8 + length) for n, t in tensors.items()}
    _check_layout(path, entries, 8 + length, size)
    return entries


def _refuse_other_formats(path: Path, start: bytes) -> None:
    # A zip is torch.save's own container; 0x80 opens a pickle of protocol 2 and up.
    if start.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        # A safetensors header of 640 bytes begins with 0x80 0x02 too, then has zeros.
        if start[2:] == bytes(6):
            return
        raise WeightsError(f"{path}: {_says_pickle()}")
    if start.startswith(b"\x89HDF"):
        raise WeightsError(f"{path} is an HDF5 file of TensorFlow; {HOW_TO_SAVE}")
    if start.startswith(b"GGUF"):
        raise WeightsError(f"{path} is a GGUF file, which holds other layouts; {HOW_TO_SAVE}")
    if start.startswith(b"version "):
        raise WeightsError(f"{path} is a Git LFS pointer, not the weights; run git lfs pull")


def _says_pickle() -> str:
    return f"this is a pickle, which can run code when opened, so it is not read; {HOW_TO_SAVE}"


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"its header names {twice!r} twice")
    return found


def _entry(path: Path, name: str, table: Any, base: int) -> Entry:
    try:
        dtype, shape, (start, end) = table["dtype"], table["shape"], table["data_offsets"]
        good = isinstance(dtype, str) and isinstance(shape, list)
        good = good and all(type(n) is int and n >= 0 for n in (*shape, start, end))
        good = good and end - start == KNOWN.get(dtype, 0) * math.prod(shape)
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        raise WeightsError(
            f"{path}: the header's entry for {name!r} is damaged or of an unknown dtype; "
            "download it again"
        )
    return Entry(path, name, dtype, tuple(shape), base + start, base + end)


def _check_layout(path: Path, entries: Mapping[str, Entry], base: int, size: int) -> None:
    end = max((e.end for e in entries.values()), default=base)
    if size < end:
        raise WeightsError(f"{path} is cut off: {size:,} bytes of {end:,}; download it again")
    place = base
    for entry in sorted(entries.values(), key=lambda e: (e.start, e.end)):
        if entry.start != place:
            raise WeightsError(
                f"{path}: {entry.name} overlaps its neighbour or leaves a gap before it"
            )
        place = entry.end
    if size > end:
        raise WeightsError(
            f"{path} is {size:,} bytes, and its tensors end at {end:,}; download it again"
        )


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is not valid JSON: {error}; download it again") from None


def _check_config(path: Path, config: ModelConfig) -> None:
    """Refuse a checkpoint whose config.json describes another function than the chapters'."""
    said = _read_json(path)
    if not isinstance(said, dict):
        raise WeightsError(f"{path} is not a JSON object; download it again")
    for key, allowed in FIXED.items():
        if key in said and said[key] not in allowed:
            raise WeightsError(
                f"{path} has {key} {said[key]!r}, the chapters' GPT-2 has {allowed[0]!r}: "
                "these weights belong to another model"
            )
    wanted = config.hugging_face()
    inner = said.get("n_inner")
    if inner not in (None, 4 * config.emb_dim):
        raise WeightsError(f"{path} has n_inner {inner}, GPT-2 {config.name} {4 * config.emb_dim}")
    for key in ("n_embd", "n_layer", "n_head", "n_positions", "vocab_size"):
        if key in said and said[key] != wanted[key]:
            shape = {k: said.get(k) for k in ("n_embd", "n_layer", "n_head")}
            fits = [s.name for s in SIZES.values() if shape.items() <= s.hugging_face().items()]
            hint = f"; give --size {fits[0]}" if fits and fits[0] != config.name else ""
            raise WeightsError(
                f"{path} has {key} {said[key]}, GPT-2 {config.name} has {wanted[key]}{hint}"
            )


def _check_tensors(path: Path, found: Mapping[str, Entry], config: ModelConfig) -> None:
    wanted = config.shapes()
    hint = _size_hint({name: entry.shape for name, entry in found.items()}, config)
    if not wanted.keys() & found.keys():
        some = ", ".join(sorted(found)[:3]) or "no tensors at all"
        raise WeightsError(f"{path} holds no GPT-2: it has {some}; GPT-2 has wte.weight and so on")
    for name, shape in wanted.items():
        if name not in found:
            raise WeightsError(f"{path} lacks {name}, which GPT-2 {config.name} needs{hint}")
        if found[name].shape != shape:
            raise WeightsError(
                f"{path}: {found[name].name} has shape {found[name].shape}, "
                f"GPT-2 {config.name} has {shape}{hint}"
            )
        if found[name].dtype not in ACCEPTED:
            raise WeightsError(
                f"{path}: {found[name].name} has dtype {found[name].dtype}; "
                f"only {', '.join(ACCEPTED)} are read: save it with one of these"
            )
    if foreign := [name for name in found if name not in wanted]:
        raise WeightsError(
            f"{path} holds {found[foreign[0]].name}, which GPT-2 {config.name} does not have{hint}"
        )


def _size_hint(shapes: Mapping[str, tuple[int, ...]], config: ModelConfig) -> str:
    for size in SIZES.values():
        if size != config and size.shapes() == shapes:
            return f"; this is GPT-2 {size.name}: give --size {size.name}"
    return ""


def _check_head(head: Entry, embedding: Entry) -> None:
    """GPT-2 scores with the token embedding: a head of its own would be lost."""
    same = (head.dtype, head.shape) == (embedding.dtype, embedding.shape)
    if not same or any(a != b for a, b in zip(_chunks(head), _chunks(embedding), strict=True)):
        raise WeightsError(
            f"{head.file}: {HEAD} differs from wte.weight, and GPT-2's output head is its token "
            "embedding: these weights belong to another model"
        )


def _chunks(entry: Entry) -> Iterator[bytes]:
    with entry.file.open("rb") as file:
        file.seek(entry.start)
        left = entry.end - entry.start
        while left:
            yield file.read(min(CHUNK, left))
            left -= min(CHUNK, left)


def read_tensor(entry: Entry) -> Tensor:
    """Read one tensor of a checkpoint as float32.

    Args:
        entry: Where it lies; F32, F16 or BF16.

    Returns:
        A tensor with memory of its own, float32.

    Raises:
        WeightsError: The file has changed, or a value is not finite.
    """
    import torch

    dtype = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[entry.dtype]
    tensor = torch.empty(entry.shape, dtype=dtype)
    with entry.file.open("rb", buffering=0) as file:
        file.seek(entry.start)
        view = _memory(tensor)
        while len(view):
            count = file.readinto(view)
            if not count:
                raise WeightsError(f"{entry.file} became shorter while it was read")
            view = view[count:]
    tensor = tensor.float()
    least, most = (value.item() for value in torch.aminmax(tensor))  # NaN is both, if there is one
    if not (math.isfinite(least) and math.isfinite(most)):
        raise WeightsError(f"{entry.file}: {entry.name} holds NaN or infinity; download it again")
    return tensor


def drawn(config: ModelConfig, seed: int) -> Callable[[str], Tensor]:
    """GPT-2's random start: weights from N(0, 0.02), biases 0, norms 1 and 0.

    The projections back into the residual stream have their deviation divided by the root of
    their number, 2 n_layers (Radford et al. 2019, section 2.3).

    Args:
        config: The size.
        seed: The same seed gives the same tensors.

    Returns:
        Gives the tensor of a name. They come from one random stream: ask in the order of
        `config.shapes()`, and once each.
    """
    import torch

    shapes = config.shapes()
    generator = torch.Generator().manual_seed(seed)

    def tensor_of(name: str) -> Tensor:
        tensor = torch.zeros(shapes[name])
        if "ln_" in name and name.endswith("weight"):
            return tensor.fill_(1.0)
        if name.endswith("bias"):
            return tensor
        scale = (2 * config.n_layers) ** -0.5 if name.endswith("c_proj.weight") else 1.0
        return tensor.normal_(0.0, STD * scale, generator=generator)

    return tensor_of


def write_checkpoint(
    path: Path, config: ModelConfig, tensor_of: Callable[[str], Tensor], done: Callable[[int], None]
) -> None:
    """Write model.safetensors with one tensor in memory at a time.

    Names are those of `GPT2LMHeadModel.save_pretrained`, with `transformer.`.

    Args:
        path: The file to write.
        config: The size; its `shapes()` are the order of the file.
        tensor_of: Gives the tensor of that name, float32.
        done: Called with the number of bytes of tensors written so far.
    """
    header, place = {}, 0
    for name, shape in config.shapes().items():
        end = place + 4 * math.prod(shape)
        offsets = [place, end]
        header[PREFIX + name] = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
        place = end
    # from_pretrained asks for the format: pt.
    text = json.dumps({"__metadata__": {"format": "pt"}} | header, separators=(",", ":")).encode()
    text = text.ljust(-(-len(text) // 8) * 8)  # the format aligns the first tensor to 8 bytes
    with path.open("wb", buffering=0) as file:
        _write_all(file, memoryview(struct.pack("<Q", len(text)) + text))
        written = 0
        for name, shape in config.shapes().items():
            tensor = tensor_of(name).contiguous()
            if tuple(tensor.shape) != shape or str(tensor.dtype) != "torch.float32":
                raise ValueError(
                    f"{name}: {tuple(tensor.shape)} {tensor.dtype}, not {shape} float32"
                )
            _write_all(file, _memory(tensor))
            written += tensor.nbytes
            done(written)


def _write_all(file: BinaryIO, view: memoryview) -> None:
    while len(view):
        view = view[file.write(view) :]


def _memory(tensor: Tensor) -> memoryview:
    """The bytes of a contiguous tensor, shared with it; needs no numpy, which torch can lack."""
    import ctypes

    return memoryview((ctypes.c_char * tensor.nbytes).from_address(tensor.data_ptr())).cast("B")
