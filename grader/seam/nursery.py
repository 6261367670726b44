"""The process that workers are forked from.

It is executed, not forked, with an empty environment, and imports torch and nothing that must stay
secret, so that a worker costs a fork (about 15 ms) where a cold `import torch` costs two seconds.
A nursery serves one socket with one-letter requests:

    R  close the operators of these rules (JSON follows) for everything forked from now on
    N  fork a nursery like this one on the socket that comes along
    W  fork a worker on the socket and the output pipe that come along; answers its process id
    K  kill a worker                     S  kill a worker; answers how it ended

When the socket closes, everything forked here is killed. Run as `python -m grader.seam.nursery FD`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import struct
import sys
import time
from typing import NoReturn

NUMBER = struct.Struct("<q")
GRACE = 0.5  # seconds for a worker whose socket is closed to end by itself, before it is killed
_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)


class Nursery:
    """Serves one socket; see the module's docstring."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._living: set[int] = set()
        self._ended: dict[int, int] = {}

    def serve(self) -> None:
        """Answer requests until the socket closes."""
        while request := self._read_with_descriptors():
            operation, descriptors = request
            self._reap()
            if operation == b"R":
                (length,) = NUMBER.unpack(self._exactly(NUMBER.size))
                self._close_rules(json.loads(self._exactly(length)))
            elif operation == b"N":
                self._fork(descriptors, self._be_nursery)
            elif operation == b"W":
                pid = self._fork(descriptors, self._be_worker)
                self._control.sendall(NUMBER.pack(pid))
            else:
                (pid,) = NUMBER.unpack(self._exactly(NUMBER.size))
                if operation == b"S":
                    self._control.sendall(NUMBER.pack(self._status(pid)))
                else:
                    self._kill(pid)
                    self._ended.pop(pid, None)

    def close(self) -> None:
        """Kill everything that was forked here."""
        for pid in list(self._living):
            self._kill(pid)

    def _read_with_descriptors(self) -> tuple[bytes, list[int]] | None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, 1, 4)
        except OSError:
            return None
        return (data, descriptors) if data else None

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._control.recv(count - len(data))
            if not part:
                raise SystemExit
            data += part
        return data

    def _close_rules(self, rules: list[dict[str, object]]) -> None:
        from . import rules as module

        module.close(rules)

    def _fork(self, descriptors: list[int], be: object) -> int:
        pid = os.fork()
        if pid == 0:
            be(descriptors)  # type: ignore[operator]
        for descriptor in descriptors:
            os.close(descriptor)
        self._living.add(pid)
        return pid

    def _be_nursery(self, descriptors: list[int]) -> NoReturn:
        with contextlib.suppress(BaseException):
            _die_with_parent()
            control = _keep_only(descriptors)[0]
            run(socket.socket(fileno=control))
        os._exit(0)

    def _be_worker(self, descriptors: list[int]) -> NoReturn:
        with contextlib.suppress(BaseException):
            os.setsid()
            _die_with_parent()
            connection, output = _keep_only(descriptors)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
            from .worker import run as run_worker

            run_worker(socket.socket(fileno=connection))
        os._exit(70)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._living.discard(pid)
                self._ended[pid] = status

    def _kill(self, pid: int) -> None:
        if pid in self._living:
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(OSError):
                    kill(pid, signal.SIGKILL)

    def _status(self, pid: int) -> int:
        until = time.monotonic() + GRACE
        while pid in self._living and time.monotonic() < until:
            self._reap()
            time.sleep(0.002)
        self._kill(pid)
        while pid in self._living:
            self._reap()
            time.sleep(0.001)
        return self._ended.pop(pid, 0)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def _keep_only(descriptors: list[int]) -> list[int]:
    """Close every descriptor but the first three and these, which become 3, 4 and so on."""
    high = [os.dup2(d, 200 + i, inheritable=False) for i, d in enumerate(descriptors)]
    low = [os.dup2(d, 3 + i, inheritable=False) for i, d in enumerate(high)]
    os.closerange(3 + len(low), os.sysconf("SC_OPEN_MAX"))
    return low


def run(control: socket.socket) -> None:
    """Be a nursery on this socket until it closes."""
    nursery = Nursery(control)
    try:
        nursery.serve()
    finally:
        nursery.close()


def main() -> None:
    """Import what workers need, once, and serve the socket named on the command line."""
    import torch
    import torch.utils.data

    from . import rules, workbench, worker  # noqa: F401 - imported for the workers

    torch.set_num_threads(1)  # a fork keeps no threads, and small tensors need none
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the judge's to handle
    gc.collect()
    gc.freeze()  # a worker's collector need not touch, and so copy, what was there before
    _die_with_parent()
    run(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)


if __name__ == "__main__":
    main()
