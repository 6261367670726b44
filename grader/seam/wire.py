"""Values <-> bytes: the only things that cross the seam, and how.

A value is one tag byte and what follows it. There is no tag that names a class or a callable, so
that no bytes can make the reader run anything: the decoder builds None, bool, int, float, str,
bytes, list, tuple, dict, torch.Size, dtype, device and dense tensors, as exactly those types, and
nothing else. What is none of these crosses as a handle (an object of the subject's, by number) or
a callback (a function of the test's, by number).

The decoder reads bytes that hostile code may have written. It checks every length against what is
left before it allocates, bounds the nesting and the number of values, and fails with `WireError`.
"""

from __future__ import annotations

import ctypes
import math
import struct
import sys
from collections.abc import Callable
from typing import Any

import torch

MAX_FRAME = 256 << 20  # bytes of one message
MAX_DEPTH = 32  # containers within containers
MAX_VALUES = 4_000_000  # values in one message, so that small bytes do not become large objects
MAX_INT = 1 << 13  # bytes of one integer

DTYPES = (
    torch.float32,
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
    torch.complex64,
    torch.complex128,
)
_CODES = {dtype: code for code, dtype in enumerate(DTYPES)}
_DEVICES = ("cpu", "meta", "cuda", "mps", "xpu")

_U8, _U32, _U64 = struct.Struct("<B"), struct.Struct("<I"), struct.Struct("<Q")
_I64, _F64 = struct.Struct("<q"), struct.Struct("<d")


class WireError(Exception):
    """A value that cannot cross, or bytes that are no value."""


def tensor_bytes(tensor: torch.Tensor) -> bytes:
    """The values of a dense CPU tensor in row-major order, little-endian."""
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous()
    return ctypes.string_at(plain.data_ptr(), plain.numel() * plain.element_size())


def is_dense(tensor: torch.Tensor) -> bool:
    """Whether the values of a tensor can cross: strided, on the CPU, of a known dtype."""
    return (
        tensor.layout is torch.strided
        and tensor.device.type == "cpu"
        and not tensor.is_quantized
        and not tensor.is_nested
        and tensor.dtype in _CODES
    )


class Encoder:
    """Writes values as bytes.

    Args:
        refer: Called with what is not a plain value; returns the bytes of a reference to it
            (`handle_bytes`, `callback_bytes`) or raises.
    """

    def __init__(self, refer: Callable[[Any], bytes]) -> None:
        self._refer = refer
        self._parts: list[bytes] = []
        self._size = 0

    def encode(self, value: Any) -> bytes:
        """The bytes of one value.

        Raises:
            WireError: It nests too deeply, or is larger than a frame.
        """
        self._parts, self._size = [], 0
        self._write(value, 0)
        return b"".join(self._parts)

    def _put(self, *parts: bytes) -> None:
        self._size += sum(map(len, parts))
        if self._size > MAX_FRAME:
            raise WireError(f"the value is larger than {MAX_FRAME >> 20} MiB")
        self._parts.extend(parts)

    def _write(self, value: Any, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise WireError(f"the value nests deeper than {MAX_DEPTH} levels")
        if value is None:
            self._put(b"N")
        elif value is True or value is False:
            self._put(b"T" if value else b"F")
        elif isinstance(value, int):
            self._int(value)
        elif isinstance(value, float):
            self._put(b"f", _F64.pack(float.__float__(value)))
        elif isinstance(value, str):
            data = str.encode(value, "utf-8", "surrogatepass")
            self._put(b"s", _U32.pack(len(data)), data)
        elif isinstance(value, bytes | bytearray):
            self._put(b"b", _U32.pack(len(value)), bytes(value))
        elif isinstance(value, torch.Tensor):
            self._tensor(value)
        elif isinstance(value, torch.Size):
            self._put(b"z", _U32.pack(len(value)), *(_I64.pack(n) for n in tuple.__iter__(value)))
        elif isinstance(value, list):
            self._list(value, depth)
        elif isinstance(value, tuple):
            self._put(b"t", _U32.pack(tuple.__len__(value)))
            for item in tuple.__iter__(value):
                self._write(item, depth + 1)
        elif isinstance(value, dict):
            self._put(b"d", _U32.pack(dict.__len__(value)))
            for key, item in dict.items(value):
                self._write(key, depth + 1)
                self._write(item, depth + 1)
        elif isinstance(value, torch.dtype) and value in _CODES:
            self._put(b"y", _U8.pack(_CODES[value]))
        elif isinstance(value, torch.device) and value.type in _DEVICES:
            index = -1 if value.index is None else value.index
            self._put(b"v", _U8.pack(_DEVICES.index(value.type)), _I64.pack(index))
        else:
            self._put(self._refer(value))

    def _int(self, value: int) -> None:
        value = int.__add__(value, 0)
        if -(1 << 63) <= value < 1 << 63:
            self._put(b"i", _I64.pack(value))
            return
        data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        if len(data) > MAX_INT:
            raise WireError(f"an integer of {len(data):,} bytes is too large")
        self._put(b"I", _U32.pack(len(data)), data)

    def _list(self, value: list[Any], depth: int) -> None:
        items = list(list.__iter__(value))
        if items and all(type(item) is int for item in items):
            try:  # token ids: thousands of small numbers at once
                self._put(b"q", _U32.pack(len(items)), struct.pack(f"<{len(items)}q", *items))
                return
            except struct.error:
                pass
        self._put(b"l", _U32.pack(len(items)))
        for item in items:
            self._write(item, depth + 1)

    def _tensor(self, value: torch.Tensor) -> None:
        with torch._C.DisableTorchFunctionSubclass():
            if not is_dense(value):
                self._put(self._refer(value))
                return
            shape = tuple(value.shape)
            if math.prod(shape) * value.element_size() > MAX_FRAME:
                raise WireError(f"a tensor of shape {shape} is larger than {MAX_FRAME >> 20} MiB")
            code, data = _CODES[value.dtype], tensor_bytes(value)
        self._put(b"x", _U8.pack(code), _U8.pack(len(shape)))
        self._put(*(_U64.pack(n) for n in shape), data)


_KEYS = (type(None), bool, int, float, str, bytes, torch.dtype, torch.device)


def _is_key(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_is_key(item) for item in value)
    return isinstance(value, _KEYS)


def handle_bytes(number: int, kind: str) -> bytes:
    """A reference to an object of the subject's; `kind` is its type's name, for messages."""
    data = kind.encode("utf-8", "replace")[:200]
    return b"h" + _U64.pack(number) + _U8.pack(len(data)) + data


def callback_bytes(number: int) -> bytes:
    """A reference to a function of the test's."""
    return b"c" + _U64.pack(number)


class Decoder:
    """Reads values from bytes.

    Args:
        handle: Called with the number and type name of a handle; returns what stands for it.
        callback: Called with the number of a callback; None where none may come.
    """

    def __init__(
        self,
        handle: Callable[[int, str], Any],
        callback: Callable[[int], Any] | None = None,
    ) -> None:
        self._handle, self._callback = handle, callback
        self._data = memoryview(b"")
        self._at = 0
        self._left = 0

    def decode(self, data: bytes | bytearray | memoryview) -> Any:
        """The one value that these bytes are.

        Raises:
            WireError: They are not exactly one value within the limits.
        """
        self._data, self._at, self._left = memoryview(data), 0, MAX_VALUES
        value = self._read(0)
        if self._at != len(self._data):
            raise WireError(f"{len(self._data) - self._at} bytes follow the value")
        return value

    def _take(self, count: int) -> memoryview:
        end = self._at + count
        if end > len(self._data):
            raise WireError("the message ends within a value")
        part = self._data[self._at : end]
        self._at = end
        return part

    def _number(self, form: struct.Struct) -> Any:
        return form.unpack(self._take(form.size))[0]

    def _count(self, smallest: int) -> int:
        """A number of items of at least `smallest` bytes, checked before anything is built."""
        count: int = self._number(_U32)
        if count * smallest > len(self._data) - self._at:
            raise WireError("the message ends within a value")
        self._left -= count
        if self._left < 0:
            raise WireError(f"the message has more than {MAX_VALUES:,} values")
        return count

    def _read(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise WireError(f"the message nests deeper than {MAX_DEPTH} levels")
        tag = bytes(self._take(1))
        reader = _READERS.get(tag)
        if reader is None:
            raise WireError(f"no value begins with the byte {tag!r}")
        return reader(self, depth)

    def _str(self, _: int) -> str:
        try:
            return str(self._take(self._number(_U32)), "utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise WireError("a string is not UTF-8") from None

    def _big_int(self, _: int) -> int:
        count = self._number(_U32)
        if count > MAX_INT:
            raise WireError(f"an integer of {count:,} bytes is too large")
        return int.from_bytes(self._take(count), "little", signed=True)

    def _size(self, _: int) -> torch.Size:
        return torch.Size([self._number(_I64) for _ in range(self._count(8))])

    def _items(self, depth: int) -> list[Any]:
        return [self._read(depth + 1) for _ in range(self._count(1))]

    def _ints(self, _: int) -> list[int]:
        count = self._count(8)
        return list(struct.unpack(f"<{count}q", self._take(8 * count)))

    def _dict(self, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _ in range(self._count(2)):
            key = self._read(depth + 1)
            if not _is_key(key):
                raise WireError(f"a {type(key).__name__} is no key of a dict")
            if key in found:
                raise WireError("a dict has one key twice")
            found[key] = self._read(depth + 1)
        return found

    def _dtype(self, _: int) -> torch.dtype:
        code = self._number(_U8)
        if code >= len(DTYPES):
            raise WireError(f"no dtype has the code {code}")
        return DTYPES[code]

    def _device(self, _: int) -> torch.device:
        code, index = self._number(_U8), self._number(_I64)
        if code >= len(_DEVICES) or not -1 <= index < 128:
            raise WireError("no such device")
        return torch.device(_DEVICES[code]) if index < 0 else torch.device(_DEVICES[code], index)

    def _tensor(self, _: int) -> torch.Tensor:
        dtype = self._dtype(0)
        dims = self._number(_U8)
        if dims > 64:
            raise WireError(f"a tensor of {dims} dimensions is too much")
        shape = [self._number(_U64) for _ in range(dims)]
        if any(n > MAX_FRAME for n in shape):
            raise WireError("a dimension of a tensor is too large")
        count = math.prod(shape)
        data = self._take(count * dtype.itemsize)
        if count == 0:
            try:
                return torch.empty(shape, dtype=dtype)
            except RuntimeError:  # the strides of its other dimensions overflow
                raise WireError("a dimension of a tensor is too large") from None
        own = bytearray(data)
        if dtype is torch.bool:
            return torch.frombuffer(own, dtype=torch.uint8).reshape(shape) != 0
        return torch.frombuffer(own, dtype=dtype).reshape(shape)

    def _reference(self, _: int) -> Any:
        number = self._number(_U64)
        return self._handle(number, str(self._take(self._number(_U8)), "utf-8", "replace"))

    def _called(self, _: int) -> Any:
        number = self._number(_U64)
        if self._callback is None:
            raise WireError("a callback came from the wrong side")
        return self._callback(number)


_READERS: dict[bytes, Callable[[Decoder, int], Any]] = {
    b"N": lambda self, _: None,
    b"T": lambda self, _: True,
    b"F": lambda self, _: False,
    b"i": lambda self, _: self._number(_I64),
    b"I": Decoder._big_int,
    b"f": lambda self, _: self._number(_F64),
    b"s": Decoder._str,
    b"b": lambda self, _: bytes(self._take(self._number(_U32))),
    b"l": Decoder._items,
    b"q": Decoder._ints,
    b"t": lambda self, depth: tuple(self._items(depth)),
    b"d": Decoder._dict,
    b"z": Decoder._size,
    b"y": Decoder._dtype,
    b"v": Decoder._device,
    b"x": Decoder._tensor,
    b"h": Decoder._reference,
    b"c": Decoder._called,
}

if sys.byteorder != "little":  # pragma: no cover - torch has no big-endian wheels
    raise ImportError("the wire format is little-endian, and this machine is not")
