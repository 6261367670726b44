"""Chapter 5: pretraining, up to the weights that OpenAI trained.

Section 5.5 takes a GPTModel of your own and a checkpoint in the format of Hugging Face, and fills
the one with the other: one tensor (assign), a whole model (load_weights_into_gpt), the
checkpoint's names (gpt2_params_from_state_dict), and a folder with files (load_gpt2). In shape
comments B is the batch, T time (positions), C emb_dim, V vocab_size, L context_length.
"""

import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .ch04_gpt import GPTModel

# Sections 5.1 to 5.4 (losses, training, sampling, checkpoints) stand above this line.
# Section 5.5: loading pretrained weights.


class SafetensorsFile(Mapping[str, Tensor]):
    """A safetensors file as a mapping from names to tensors; given, nothing to do here.

    Opening reads only the header: 8 bytes with its length (little-endian), then JSON with dtype,
    shape and place of each tensor. `file[name]` then reads that one tensor, as it is stored, into
    memory of its own, and keeps nothing: whoever asks twice reads twice. Close it, or use `with`.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a whole safetensors file; the message says where it fails.

    Example:
        `with SafetensorsFile("model.safetensors") as file: print(file["wte.weight"].shape)`

    References:
        https://github.com/huggingface/safetensors#format
    """

    MAX_HEADER = 100_000_000  # bytes, the format's own limit
    DTYPES: ClassVar[dict[str, torch.dtype]] = {
        "F64": torch.float64,
        "F32": torch.float32,
        "F16": torch.float16,
        "BF16": torch.bfloat16,
        "I64": torch.int64,
        "I32": torch.int32,
        "U8": torch.uint8,
        "BOOL": torch.bool,
    }

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._name = Path(path).name
        self._file = open(path, "rb")  # noqa: SIM115 - open as long as this object is
        try:
            size = os.fstat(self._file.fileno()).st_size
            header, self._start = self._read_header(size)
            self._places = {n: self._place(n, e) for n, e in header.items() if n != "__metadata__"}
            self._check_layout(size - self._start)
        except BaseException:
            self._file.close()
            raise

    def _error(self, text: str) -> ValueError:
        return ValueError(f"{self._name} {text}")

    def _read_header(self, size: int) -> tuple[dict[str, Any], int]:
        if size == 0:
            raise self._error("is empty (0 bytes); copy or download it again")
        first = self._file.read(8)
        length = int.from_bytes(first, "little")
        if size < 8 or length > min(size - 8, self.MAX_HEADER):
            if first.startswith((b"PK\x03\x04", b"\x80")):  # torch.save: a zip, or a bare pickle
                raise self._error("is a pickle or a zip (.bin, .pt), which is not safetensors")
            raise self._error(
                f"is cut off or not safetensors: it has {size} bytes, and its header needs "
                f"{length + 8 if size >= 8 else 8}"
            )
        try:
            header = json.loads(
                self._file.read(length).decode(), object_pairs_hook=_without_duplicates
            )
        except (ValueError, RecursionError) as error:
            raise self._error(f"has a header that is not JSON: {error}") from None
        if not isinstance(header, dict):
            raise self._error(f"has a {type(header).__name__} for a header, where a dict belongs")
        return header, 8 + length

    def _place(self, name: str, entry: Any) -> tuple[int, int, torch.dtype, list[int]]:
        try:
            dtype, shape = self.DTYPES.get(entry["dtype"]), entry["shape"]
            begin, end = entry["data_offsets"]
            good = type(shape) is list and all(
                type(n) is int and 0 <= n < 2**62 for n in (*shape, begin, end)
            )
        except (KeyError, TypeError, ValueError):
            good = False
        if not good:
            raise self._error(f"should have dtype, shape, data_offsets of {name!r}: {entry!s:.99}")
        if dtype is None:
            raise self._error(f"stores {name!r} as {entry['dtype']}, not as {list(self.DTYPES)}")
        need = math.prod(shape) * dtype.itemsize
        if end - begin != need:
            raise self._error(f"has {end - begin} bytes of {name!r}, and {shape} needs {need}")
        return begin, end, dtype, shape

    def _check_layout(self, size: int) -> None:
        at = 0
        for name, (begin, end, *_) in sorted(self._places.items(), key=lambda x: x[1][:2]):
            if begin != at:
                raise self._error(f"has {name!r} at byte {begin} of its data, and not at {at}")
            at = end
        if at != size:
            raise self._error(f"has {size} bytes of data, and its tensors take {at}: is it whole?")

    def __getitem__(self, name: str) -> Tensor:
        begin, end, dtype, shape = self._places[name]
        if begin == end:
            return torch.empty(shape, dtype=dtype)
        memory = bytearray(end - begin)
        self._file.seek(self._start + begin)
        if (count := self._file.readinto(memory)) != len(memory):
            raise self._error(f"gave {count} of the {len(memory)} bytes of {name!r}")
        return torch.frombuffer(memory, dtype=dtype).reshape(shape)

    def __contains__(self, name: object) -> bool:
        return name in self._places  # Mapping's own would read the tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError(f"{next(n for n in names if names.count(n) > 1)!r} stands there twice")
    return dict(pairs)


class _NoRandomStart(TorchFunctionMode):
    """Skips what fills a new tensor with random numbers; all else happens as always."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in ("kaiming_uniform_", "normal_", "uniform_"):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def empty_gpt(cfg: dict[str, Any]) -> GPTModel:
    """Build `GPTModel(cfg)` for weights that are about to come; given, nothing to do here.

    The random start of the weights is skipped, which takes most of the time, and memory that is
    not written to costs nothing. Masks and ties are as GPTModel makes them; until they are loaded,
    weights are whatever stood in memory.

    Args:
        cfg: As for GPTModel.

    Returns:
        The model, in training mode, with undefined weights.
    """
    with _NoRandomStart():
        return GPTModel(cfg)


def assign(left: Tensor, right: Any) -> Tensor:
    """Copy the numbers of `right` into `left`, in place.

    Shapes must be equal to the letter: nothing is broadcast, reshaped or transposed. `left` may be
    a parameter: it stays one, no gradient flows through the copy, and whatever shares its memory
    (tied weights) gets the numbers too. The two do not share memory afterwards.

    Args:
        left: What is filled, any shape and dtype; keeps both.
        right: A tensor, or whatever torch.as_tensor takes (a NumPy array, nested lists), of the
            shape of `left`. Left unchanged.

    Returns:
        `left` itself.

    Raises:
        ValueError: The shapes differ; the message gives both, and `left` is unchanged.

    Example:
        With `left = torch.zeros(2, 2)`, `assign(left, [[1, 2], [3, 4]])` makes `left`
        [[1.0, 2.0], [3.0, 4.0]]; `assign(left, torch.ones(2))` raises.

    References:
        Book 5.5.
    """
    raise NotImplementedError("ch05_pretraining.assign")


def load_weights_into_gpt(gpt: GPTModel, params: Mapping[str, Any]) -> None:
    """Copy GPT-2's weights into a model, in place.

    GPT-2 stores each linear layer as (in, out), the transpose of a linear layer's weight, and the
    three for queries, keys and values side by side in one, c_attn, in this order:

        params                        model                                   in params
        wte                           tok_emb.weight and out_head.weight      (V, C)
        wpe                           pos_emb.weight                          (L, C)
        blocks[i].attn.c_attn.{w,b}   att.W_query, att.W_key, att.W_value     (C, 3C), (3C,)
        blocks[i].attn.c_proj.{w,b}   att.out_proj                            (C, C), (C,)
        blocks[i].ln_1.{g,b}          norm1.scale, norm1.shift                (C,), (C,)
        blocks[i].ln_2.{g,b}          norm2.scale, norm2.shift                (C,), (C,)
        blocks[i].mlp.c_fc.{w,b}      ff.layers[0]                            (C, 4C), (4C,)
        blocks[i].mlp.c_proj.{w,b}    ff.layers[2]                            (4C, C), (C,)
        g, b                          final_norm.scale, final_norm.shift      (C,), (C,)

    All are keys of nested dicts, but `blocks`, which is a list, and `trf_blocks[i]` stands before
    the model's names of block i. Beware: the transpose of a square matrix, and the three parts of
    c_attn in another order, have the right shapes and the wrong meaning.

    Where `out_head` is tied to `tok_emb` it stays so; otherwise it gets a copy of wte. Parameters
    keep their dtype and share no memory with `params`; the model's mode and masks do not change.

    Args:
        gpt: A GPTModel of the checkpoint's sizes, built with qkv_bias=True.
        params: The dict above; each value a tensor or whatever torch.as_tensor takes. Left
            unchanged.

    Raises:
        ValueError: The numbers of blocks differ (the message gives both), a shape differs (the
            message gives both shapes, and the tensor by the last name in its path above, such as
            wpe, c_fc or ln_2), or `gpt` has no bias for queries, keys and values, so that those
            of c_attn would be lost (the message says "bias").

    Example:
        With C = 2, if blocks[0].attn.c_attn.w is [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]], then
        W_query.weight of block 0 becomes [[1, 7], [2, 8]], and W_key.weight [[3, 9], [4, 10]].

    References:
        Book 5.5; Radford et al. 2019.
    """
    raise NotImplementedError("ch05_pretraining.load_weights_into_gpt")


def gpt2_params_from_state_dict(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """Sort the tensors of a Hugging Face GPT-2 checkpoint into the book's params dict.

    A checkpoint has flat names: wte.weight, wpe.weight, ln_f.weight, ln_f.bias and, with i from 0
    on, h.{i}.ln_1, h.{i}.attn.c_attn, h.{i}.attn.c_proj, h.{i}.ln_2, h.{i}.mlp.c_fc and
    h.{i}.mlp.c_proj, each with .weight and .bias. In many files all of them begin with
    `transformer.`. In params a layer's weight is called w and its bias b; a norm's are g and b, and
    those of ln_f stand at the top.

    Whatever else there is gets ignored: the causal masks of older files (h.{i}.attn.bias and
    h.{i}.attn.masked_bias, which are no weights, whatever they are called), and lm_head.weight,
    which is wte once more.

    Args:
        state_dict: Names to tensors, a dict or another mapping. Left unchanged.

    Returns:
        {"blocks": [block 0, block 1, ...], "wte": ..., "wpe": ..., "g": ..., "b": ...}, where each
        block is {"attn": {"c_attn": {"w": ..., "b": ...}, "c_proj": {"w": ..., "b": ...}},
        "ln_1": {"g": ..., "b": ...}, "ln_2": {"g": ..., "b": ...},
        "mlp": {"c_fc": {"w": ..., "b": ...}, "c_proj": {"w": ..., "b": ...}}}. Shapes and dtypes
        are those of the checkpoint: nothing is transposed, split or converted.

    Raises:
        ValueError: A tensor is missing, of the ends or of a block up to the highest number that
            has any; the message names it as the checkpoint would (such as h.0.mlp.c_fc.bias).

    Example:
        `params["blocks"][1]["ln_2"]["g"]` is `state_dict["h.1.ln_2.weight"]`, and `params["g"]` is
        `state_dict["ln_f.weight"]`.

    References:
        Book 5.5.
    """
    raise NotImplementedError("ch05_pretraining.gpt2_params_from_state_dict")


def load_gpt2(folder: str | os.PathLike[str]) -> GPTModel:
    """Build a GPTModel from a folder with a GPT-2 in the format of Hugging Face.

    The folder holds `config.json` and `model.safetensors`. Of the config count vocab_size,
    n_positions (where it is missing, n_ctx, its older name), n_embd, n_head and n_layer. Names in
    the file are those of `gpt2_params_from_state_dict`, with or without the prefix. Its numbers may
    be float32, float16 or bfloat16; the model's are float32.

    `SafetensorsFile` and `empty_gpt` above do what is not the point here. Where the model is large,
    the memory for a second copy of all weights may not be there: with one block read and copied at
    a time, no more than the model and its largest tensor are needed.

    Args:
        folder: Path of the folder.

    Returns:
        The model, in eval mode, with drop_rate 0.0, qkv_bias True, out_head tied to tok_emb, and
        parameters that can be trained further. Its logits are those of the checkpoint.

    Raises:
        FileNotFoundError: One of the two files is missing; the message names it.
        ValueError: The config lacks a number (the message names it); model.safetensors is not a
            whole safetensors file (the message names the file); a tensor is missing or has a shape
            that does not fit the config (the message is that of the functions above); or config and
            file differ in the number of blocks (the message gives both).

    Example:
        `load_gpt2("gpt2")(torch.tensor([[15496, 11, 314, 716]]))` has shape (1, 4, 50257).

    References:
        Book 5.5; Radford et al. 2019.
    """
    raise NotImplementedError("ch05_pretraining.load_gpt2")
