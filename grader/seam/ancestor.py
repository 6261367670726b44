"""The process that a judge and its nursery both come from, so that torch is imported once.

It is executed with the environment of a nursery, which is empty, and imports what a nursery needs
and nothing that must stay secret. Then it forks: the child is the nursery. Only now does it read
its order, from the socket on its command line, and become the judge that `grader.judge` asked for:
pytest, with the environment and the arguments of the order. Run as
`python -m grader.seam.ancestor FD [MODULE ...]`: the socket, and modules that workers need.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from collections.abc import Iterable

from ..model.tokenizer import fill_tiktoken_cache
from . import nursery


def command(control: int, preload: Iterable[str]) -> list[str]:
    """The command line; to be run with `nursery.ENVIRONMENT`."""
    return [sys.executable, "-P", "-s", "-m", __name__, str(control), *preload]


def order(environment: dict[str, str], arguments: list[str]) -> bytes:
    """What makes a judge of it: sent over the socket, before anything else."""
    return json.dumps({"environment": environment, "arguments": arguments}).encode() + b"\n"


def _read_order(control: socket.socket) -> tuple[dict[str, str], list[str]]:
    line = b""
    while not line.endswith(b"\n"):
        part = control.recv(1)  # not a byte more, as the judge goes on reading
        if not part:
            raise SystemExit
        line += part
    found = json.loads(line)
    return found["environment"], found["arguments"]


def _fork_nursery(control: socket.socket) -> nursery.Started:
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for number, stream in enumerate((null, null, writing)):
            os.dup2(stream, number)
        for one in (control, ours):
            one.close()
        for descriptor in (null, reading, writing):
            os.close(descriptor)
        os.chdir("/")
        nursery.be(theirs)
    theirs.close()
    os.close(writing)
    return nursery.Started(ours, nursery.Forked(pid, open(reading, "rb")))


def main() -> None:
    """Import, fork the nursery, and become the judge."""
    number, *preload = sys.argv[1:]
    control = socket.socket(fileno=int(number))
    os.environ.update(fill_tiktoken_cache())
    nursery.import_all(preload)
    started = _fork_nursery(control)
    gc.enable()
    environment, arguments = _read_order(control)
    os.environ.update(environment)
    import pytest

    arguments += ["--kata-serve", str(control.detach())]
    code = pytest.main(arguments, [started])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # to take down what was imported, object by object, takes 150 ms


if __name__ == "__main__":
    main()
