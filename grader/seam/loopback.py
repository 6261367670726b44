"""An HTTP server for tests that needs no network: a stand-in for Python's client sockets.

`Loopback.open(answer)` gives an address. Whatever this process then asks of that address through
`socket` (urllib.request, http.client, a plain socket) becomes a call
`answer(method, path, headers, body) -> (status, body)`; no real socket is made, so that it works
in a sandbox that forbids them. Nothing else can be reached while it is open. The calls happen in
the thread that asks, so `answer` may be a function of the test's on the other side of the seam.

`headers` has lower-case names. The body of an answer is bytes, or a list of bytes that is sent in
chunks, one each, as a server does that streams.
"""

from __future__ import annotations

import errno
import io
import os
import socket
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

Answer = Callable[[str, str, dict[str, str], bytes], tuple[int, bytes | list[bytes]]]

HOST = "127.0.0.1"
FIRST_PORT = 11434  # Ollama's; every further address has the next one
MAX_REQUEST = 16 << 20  # bytes


class Loopback:
    """What can be reached while it is open, and nothing else."""

    def __init__(self) -> None:
        self.answers: dict[int, Answer] = {}
        self._undo: list[Callable[[], object]] = []

    def open(self, answer: Answer, path: str = "/api/chat") -> str:
        """Put up a server; returns its address."""
        if not self._undo:
            self._replace()
        port = FIRST_PORT + len(self.answers)
        self.answers[port] = answer
        return f"http://{HOST}:{port}{path}"

    def close(self) -> None:
        """Put Python's sockets back."""
        while self._undo:
            self._undo.pop()()
        self.answers.clear()

    def _replace(self) -> None:
        def make(*_args: Any, **_kwargs: Any) -> _Socket:
            return _Socket(self)

        def connect(address: tuple[str, int], *_args: Any, **_kwargs: Any) -> _Socket:
            connection = make()
            connection.connect(address)
            return connection

        def look_up(host: Any, port: Any, *_args: Any, **_kwargs: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (HOST, int(port or 0)))]

        for name, stand_in in (
            ("socket", make),
            ("create_connection", connect),
            ("getaddrinfo", look_up),
        ):
            self._undo.append(partial(setattr, socket, name, getattr(socket, name)))
            setattr(socket, name, stand_in)
        for name in ("no_proxy", "NO_PROXY"):  # a proxy would be asked in the server's place
            if (before := os.environ.get(name)) is None:
                self._undo.append(partial(os.environ.pop, name, None))
            else:
                self._undo.append(partial(os.environ.__setitem__, name, before))
            os.environ[name] = "*"


class _Socket:
    """A connected client socket, as far as HTTP clients use one."""

    def __init__(self, loopback: Loopback) -> None:
        self._loopback = loopback
        self._answer: Answer | None = None
        self._sent = bytearray()
        self._reply = bytearray()
        self._over = False  # the server has closed its end
        self._closed = False
        self._timeout: float | None = None

    # Setting up and taking down

    def connect(self, address: tuple[Any, ...]) -> None:
        host, port = address[0], int(address[1])
        known = host in (HOST, "localhost") and port in self._loopback.answers
        if not known:
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"nothing listens at {host}:{port}")
        self._answer = self._loopback.answers[port]

    def connect_ex(self, address: tuple[Any, ...]) -> int:
        try:
            self.connect(address)
        except ConnectionRefusedError as error:
            return error.errno or errno.ECONNREFUSED
        return 0

    def close(self) -> None:
        self._closed = True  # what `makefile` gave stays open, as it does with a real socket

    def shutdown(self, _how: int) -> None:
        self._serve(ended=True)

    def __enter__(self) -> _Socket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def settimeout(self, value: float | None) -> None:
        self._timeout = value

    def gettimeout(self) -> float | None:
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        self._timeout = None if flag else 0.0

    def setsockopt(self, *_: Any) -> None:
        """Nothing to set."""

    def getsockopt(self, *_: Any) -> int:
        return 0

    def fileno(self) -> int:
        return -1

    def getpeername(self) -> tuple[str, int]:
        return HOST, 0

    getsockname = getpeername

    # The two streams

    def sendall(self, data: Any, _flags: int = 0) -> None:
        if self._closed:
            raise OSError(errno.EBADF, "the socket is closed")
        if self._answer is None:
            raise OSError(errno.ENOTCONN, "the socket is not connected")
        self._sent += data
        if len(self._sent) > MAX_REQUEST:
            raise OSError(errno.EMSGSIZE, "the request is too large")

    def send(self, data: Any, flags: int = 0) -> int:
        self.sendall(data, flags)
        return memoryview(data).nbytes

    def recv(self, size: int, _flags: int = 0) -> bytes:
        if not self._reply:
            self._serve()
        data = bytes(self._reply[:size])
        del self._reply[:size]
        return data

    def recv_into(self, buffer: Any, size: int = 0, _flags: int = 0) -> int:
        view = memoryview(buffer).cast("B")
        data = self.recv(min(size or len(view), len(view)))
        view[: len(data)] = data
        return len(data)

    def makefile(
        self, mode: str = "r", buffering: int | None = None, **text: Any
    ) -> io.IOBase | io.TextIOWrapper:
        raw = _Stream(self)
        if "b" in mode and buffering == 0:
            return raw
        if "w" in mode and "r" not in mode:
            file: Any = io.BufferedWriter(raw)
        elif "w" in mode:
            file = io.BufferedRWPair(raw, raw)
        else:
            file = io.BufferedReader(raw)
        return file if "b" in mode else io.TextIOWrapper(file, **text)

    # The server

    def _serve(self, *, ended: bool = False) -> None:
        """Answer the next whole request, if there is one."""
        if self._over or self._answer is None:
            return
        request = _parse(self._sent)
        if request is None:
            if ended or not self._sent:
                self._over = True
                return
            raise TimeoutError("the request that was sent is not whole: no reply will come")
        method, target, headers, body, used = request
        del self._sent[:used]
        path = target.partition("://")[2].partition("/")[2] if "://" in target else target[1:]
        status, answer = self._answer(method, "/" + path, headers, body)
        self._over = True
        self._reply += _reply(status, answer, bodiless=method == "HEAD")


class _Stream(io.RawIOBase):
    def __init__(self, connection: _Socket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.recv_into(buffer)

    def write(self, data: Any) -> int:
        return self._connection.send(data)


def _parse(data: bytearray) -> tuple[str, str, dict[str, str], bytes, int] | None:
    """Method, target, headers and body of a request, and its bytes; None if it is not whole."""
    head, end, _ = bytes(data).partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    start = len(head) + len(end)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while True:
            size, end, rest = bytes(data[start:]).partition(b"\r\n")
            if not end:
                return None
            length = int(size.partition(b";")[0], 16)
            start += len(size) + 2
            if len(rest) < length + 2:
                return None
            body += rest[:length]
            start += length + 2
            if length == 0:
                return method, target, headers, body, start
    length = int(headers.get("content-length", 0))
    if len(data) < start + length:
        return None
    return method, target, headers, bytes(data[start : start + length]), start + length


def _reply(status: int, answer: bytes | list[bytes], *, bodiless: bool) -> bytes:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Unknown"
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\n"
    if isinstance(answer, (list, tuple)):
        kind, size = "application/x-ndjson", "Transfer-Encoding: chunked"
        chunks = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in answer if chunk]
        body = b"".join([*chunks, b"0\r\n\r\n"])
    else:
        kind, size = "application/json; charset=utf-8", f"Content-Length: {len(answer)}"
        body = bytes(answer)
    head += f"Content-Type: {kind}\r\n{size}\r\n\r\n"
    return head.encode("latin-1") + (b"" if bodiless else body)
