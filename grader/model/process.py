"""Starting `child.py`, the process in which a subject's code runs, and hearing what it says."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import KataError

CHILD = Path(__file__).with_name("child.py")
NEEDED = ("torch", "tiktoken")
TAIL = 4096  # bytes of what the child wrote to its standard error that are kept


class Child:
    """A running `child.py`: reads its request, and ends when we do.

    Args:
        request: What it is to do, as JSON.
        keep_open: Files that it inherits, such as a lock.

    Raises:
        KataError: Something it needs is not installed.
    """

    def __init__(self, request: Mapping[str, Any], keep_open: Sequence[int] = ()) -> None:
        request = {**request, "path": _folders_of(NEEDED)}
        extra: dict[str, Any] = {} if sys.platform == "win32" else {"pass_fds": tuple(keep_open)}
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter on our own file
            [sys.executable, "-I", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **extra,
        )
        self._tail = b""
        self._drain = threading.Thread(target=self._read_errors, daemon=True)
        self._drain.start()
        assert self.process.stdin is not None
        # It may have died already; then what it said tells more than a broken pipe.
        with contextlib.suppress(OSError):
            # Left open: the child takes the end of its standard input for the end of us.
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()

    def _read_errors(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        while data := os.read(stream.fileno(), 1 << 16):
            self._tail = (self._tail + data)[-TAIL:]

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._drain.join(timeout=5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def chunks(self) -> Iterator[bytes]:
        """What it writes to its standard output, as it comes."""
        assert self.process.stdout is not None
        while data := os.read(self.process.stdout.fileno(), 1 << 16):
            yield data

    def events(self) -> Iterator[dict[str, Any]]:
        """The JSON objects that it writes, one a line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event

    def ended(self) -> tuple[int, str]:
        """Its exit code and the end of what it wrote to its standard error."""
        code = self.process.wait()
        self._drain.join(timeout=5)
        return code, self._tail.decode("utf-8", "replace").strip()

    def death(self) -> str:
        """One clause on how it ended without a word."""
        code, said = self.ended()
        last = f": {said.splitlines()[-1][:300]}" if said else ""
        if code >= 0:
            return f"ended with exit code {code}{last}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        if name == "SIGKILL":
            return "was killed, most likely because the memory ran out"
        return f"died of {name}{last}"


def _folders_of(packages: Sequence[str]) -> list[str]:
    """Where packages are installed; an isolated Python looks neither at PYTHONPATH nor at home."""
    folders = []
    for name in packages:
        spec = importlib.util.find_spec(name)  # of a top-level package: finds, does not import
        if spec is None or spec.origin is None:
            raise KataError(f"{name} is not installed; run pip install {name}")
        folders.append(str(Path(spec.origin).parents[1]))
    return list(dict.fromkeys(folders))
