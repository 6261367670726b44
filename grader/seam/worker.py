"""The subject's side of the seam: one process, one test, one socket.

The worker is forked from a nursery in which the rules' operators are closed, loads the subject and
then does what the judge asks: call, get an attribute, index, length, iterate. It holds nothing
secret, and nothing that it says is believed beyond its being a value.
"""

from __future__ import annotations

import contextlib
import functools
import marshal
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any

import torch

from ..subject import Source, compiled, load_package, subject_frames
from . import rules
from .wire import MAX_FRAME, Decoder, Encoder, WireError, handle_bytes
from .workbench import Workbench

HEADER = struct.Struct("<QQ")  # length of the payload, number of the request
MAX_TEXT = 20_000  # characters of an exception's message


class _Callback:
    """A function of the test's, as the subject sees it."""

    def __init__(self, worker: Worker, number: int) -> None:
        self._worker, self._number = worker, number

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._worker.call_back(self._number, args, kwargs)


class _Kept:
    """A value that stays here behind a handle although it could cross."""

    def __init__(self, value: Any) -> None:
        self.value = value


class _Stopped(BaseException):
    """The judge has closed the connection."""


class Worker:
    """Serves one connection until it closes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._objects: list[Any] = []
        self._requests: list[int] = []
        self._thread = threading.get_ident()
        self._decoder = Decoder(self._object, self._callback)
        self._operations: dict[str, Callable[..., Any]] = {
            "load": self._load,
            "place": lambda value: value,
            "fetch": lambda value: value,
            "attribute": getattr,
            "call": lambda target, args, kwargs: target(*args, **kwargs),
            "index": lambda target, index: target[index],
            "length": len,
            "iterate": iter,
            "next": self._next,
        }

    def serve(self) -> None:
        """Answer requests until the judge closes the connection."""
        with contextlib.suppress(_Stopped):
            while True:
                number, message = self._receive()
                self._answer(number, message)

    def call_back(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function of the test's; meanwhile the test may call here again."""
        if threading.get_ident() != self._thread:
            raise RuntimeError("a function of the test was called from another thread")
        request = self._requests[-1]
        self._send(request, ("callback", number, args, kwargs))
        while True:
            came, message = self._receive()
            if came != request:
                self._answer(came, message)
            elif message[0] == "ok":
                return message[1]
            else:
                raise RuntimeError("the test stopped in a function that this code called")

    def _answer(self, number: int, message: tuple[Any, ...]) -> None:
        operation, *arguments = message
        self._requests.append(number)
        keep = operation in ("place", "iterate")
        try:
            reply = ("ok", self._operations[operation](*arguments))
        except _Stopped:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever the subject raises is the answer
            reply = _raised(error)
        self._requests.pop()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        self._send(number, reply, keep=keep)

    def _send(self, number: int, message: tuple[Any, ...], *, keep: bool = False) -> None:
        try:
            if keep and message[0] == "ok":
                message = ("ok", _Kept(message[1]))
            payload = Encoder(self._refer).encode(message)
        except WireError as error:
            payload = Encoder(self._refer).encode(("refused", str(error)))
        except Exception as error:  # noqa: BLE001 - a hostile value may fail in any way
            text = f"the value cannot be read: {type(error).__name__}"
            payload = Encoder(self._refer).encode(("refused", text))
        try:
            self._connection.sendall(HEADER.pack(len(payload), number) + payload)
        except OSError:
            raise _Stopped from None

    def _receive(self) -> tuple[int, Any]:
        length, number = HEADER.unpack(self._exactly(HEADER.size))
        if length > MAX_FRAME:
            raise _Stopped
        return number, self._decoder.decode(self._exactly(length))

    def _exactly(self, count: int) -> bytearray:
        data = bytearray(count)
        view = memoryview(data)
        while view:
            try:
                came = self._connection.recv_into(view)
            except OSError:
                came = 0
            if came == 0:
                raise _Stopped
            view = view[came:]
        return data

    def _refer(self, value: Any) -> bytes:
        value = value.value if isinstance(value, _Kept) else value
        self._objects.append(value)
        # A function of the test's goes back as a handle too: it would be true, and is no value.
        kind = "function" if isinstance(value, _Callback) else type(value).__name__
        return handle_bytes(len(self._objects) - 1, kind)

    def _object(self, number: int, _kind: str) -> Any:
        return self._objects[number]

    def _callback(self, number: int) -> _Callback:
        return _Callback(self, number)

    def _next(self, iterator: Any) -> tuple[Any, ...]:
        try:
            return (next(iterator),)
        except StopIteration:
            return ()

    def _load(self, texts: list[tuple[str, str]], codes: list[bytes], seed: int) -> Any:
        if not all(codes):
            codes = [code or code_bytes(*text) for code, text in zip(codes, texts, strict=True)]
            self._send(self._requests[-1], ("codes", codes))
        torch.default_generator.manual_seed(seed)
        scratch = os.getcwd()
        os.environ.update(HOME=scratch, TMPDIR=scratch)
        rules.guard()
        known = [marshal.loads(code) if code else None for code in codes]  # noqa: S302 - as much the subject's as its text
        sources = [
            Source(name, text, f"{name}.py", code)
            for (name, text), code in zip(texts, known, strict=True)
        ]
        module = load_package(sources)
        return module, Workbench(scratch)


@functools.lru_cache(maxsize=64)
def code_bytes(name: str, text: str) -> bytes:
    """What a chapter's text is compiled to; none where it does not compile, as its import says."""
    try:
        return marshal.dumps(compiled(Source(name, text, f"{name}.py")))
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return b""


def _raised(error: BaseException) -> tuple[Any, ...]:
    kinds = [kind for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    name = kinds[0].__name__ if kinds else "BaseException"
    try:
        args = error.args
        text = args[0] if len(args) == 1 and isinstance(args[0], str) else str(error)
        text = str.__str__(text)[:MAX_TEXT]
    except BaseException as trouble:  # noqa: BLE001 - a hostile __str__
        text = f"(its message cannot be read: {type(trouble).__name__})"
    if isinstance(error, SyntaxError):
        text = f"{error.msg} ({error.filename}, line {error.lineno}): {(error.text or '').strip()}"
    return ("raised", name, text, subject_frames(error)[-10:])


def run(connection: socket.socket) -> None:
    """Be a worker on this connection, and never come back."""
    try:
        Worker(connection).serve()
    finally:
        os._exit(0)
