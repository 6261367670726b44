"""The process that workers are forked from.

It has an environment that was empty from the start and has imported torch, and nothing that must
stay secret: it is executed so, or forked from a process that was (`seam.ancestor`). So a worker
costs a fork (about 15 ms) where a cold `import torch` costs two seconds.
A nursery serves one socket with one-letter requests:

    R  close the operators of these rules (JSON follows) for everything forked from now on, whose
       scratch folders will be in the folder that comes along
    N  fork a nursery like this one on the socket that comes along; its workers join the control
       group that may come with it
    W  fork a worker on the socket, the output pipe and the scratch folder that come along, with
       the number and the limits that follow; answers nothing
    K  kill the worker of a number       S  answers how it ended; CUT if it had to be killed

A worker locks itself into the sandbox before it says that it is ready, and its process id; one that
cannot says why and ends. When the socket closes, everything forked here is killed. Run as
`python -m grader.seam.nursery FD WITHOUT [MODULE ...]`: layers of the sandbox to leave out, with
commas, and modules to import before the first fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, NoReturn

from ..course import Limits
from ..errors import UnjudgedError
from . import sandbox

PASSED_ON = ("TIKTOKEN_CACHE_DIR",)  # all that a nursery gets of the judge's environment
# Memory in pages of 2 MiB: what a fork copies of 220 MB is then a table of 110 entries, not 55,000.
HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
ALL_BY_MALLOC = {"PYTHONMALLOC": "malloc"}  # Python's objects too

ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # libraries start theirs when they are imported
ENVIRONMENT = {**HUGE_PAGES, **ALL_BY_MALLOC, **ONE_THREAD}
NEEDS_FORK = (
    "judged mode needs a system with fork (Linux, or Windows' subsystem for Linux); "
    "`kata check` works everywhere"
)

NUMBER = struct.Struct("<q")
LIMITS = struct.Struct("<qqq")  # memory_mb, scratch_mb, cpu_seconds
READY = b"+"  # a worker's first byte: it is locked down, and nothing of the subject has run
CUT = -1  # how a worker ended that had closed its socket and lived on
GRACE = 2.0  # seconds for a worker whose socket is closed to end by itself, before it is killed


class Forked:
    """A child by its process id, as far as it is like `subprocess.Popen`."""

    def __init__(self, pid: int, stderr: IO[bytes]) -> None:
        self._pid, self.stderr = pid, stderr

    def wait(self, timeout: float | None = None) -> None:
        """Until it has ended; raises `subprocess.TimeoutExpired`."""
        until = None if timeout is None else time.monotonic() + timeout
        with contextlib.suppress(ChildProcessError):  # somebody has waited for it
            while os.waitpid(self._pid, os.WNOHANG)[0] == 0:
                if until is not None and time.monotonic() >= until:
                    raise subprocess.TimeoutExpired("nursery", timeout or 0)
                time.sleep(0.002)

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)


@dataclass(frozen=True)
class Started:
    """The judge's socket to a nursery, and its process."""

    control: socket.socket
    process: subprocess.Popen[bytes] | Forked


def start(preload: Iterable[str] = (), without: Iterable[str] = ()) -> Started:
    """Start a nursery process; called in the judge, which need not have imported torch yet.

    Args:
        preload: Modules to import before the first fork.
        without: Layers of the sandbox to leave out, as if the system lacked them.

    Raises:
        UnjudgedError: It cannot be started.
    """
    if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
        raise UnjudgedError(NEEDS_FORK)
    ours, theirs = socket.socketpair()
    # Isolated but for -E: its environment is ours, and read.
    command = [sys.executable, "-P", "-s", "-m", "grader.seam.nursery", str(theirs.fileno())]
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [*command, ",".join(without), *preload],
            env={**ENVIRONMENT, **passed},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            cwd="/",
        )
    except OSError as error:
        raise UnjudgedError(f"the nursery cannot be started: {error}") from None
    theirs.close()
    return Started(ours, process)


class Nursery:
    """Serves one socket; see the module's docstring.

    Args:
        control: The socket.
        without: Layers of the sandbox that workers leave out.
        group: Descriptor through which a process joins the control group of the workers.
    """

    def __init__(
        self, control: socket.socket, without: Sequence[str] = (), group: int | None = None
    ) -> None:
        self._control, self._without = control, without
        self._group = None if "cgroups" in without else group
        self._living: set[int] = set()
        self._numbers: dict[int, int] = {}  # of the living workers, by process id
        self._spare: tuple[int, socket.socket] | None = None
        self._ended: dict[int, int] = {}  # how workers ended, by their numbers

    def serve(self) -> None:
        """Answer requests until the socket closes."""
        while request := self._read_with_descriptors():
            operation, descriptors = request
            self._reap()
            if operation == b"R":
                (length,) = NUMBER.unpack(self._exactly(NUMBER.size))
                self._close_rules(json.loads(self._exactly(length)), descriptors)
            elif operation == b"N":
                self._fork(descriptors, self._be_nursery)
            elif operation == b"W":
                self._hand_out_worker(descriptors)
            else:
                (number,) = NUMBER.unpack(self._exactly(NUMBER.size))
                if operation == b"S":
                    self._control.sendall(NUMBER.pack(self._status(number)))
                else:
                    self._kill(self._pid_of(number))
                    self._ended.pop(number, None)

    def close(self) -> None:
        """Kill everything that was forked here, and wait until it has ended."""
        for pid in list(self._living):
            self._kill(pid)
        until = time.monotonic() + 2
        while self._reap() and time.monotonic() < until:
            time.sleep(0.001)

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

    def _close_rules(self, rules: list[dict[str, object]], descriptors: list[int]) -> None:
        from . import rules as module
        from .warm import settle

        module.close(rules)
        settle()
        if "landlock" not in self._without:
            sandbox.close_concealed(descriptors[0])
        for descriptor in descriptors:
            os.close(descriptor)

    def _fork(self, descriptors: list[int], be: object) -> int:
        pid = os.fork()
        if pid == 0:
            be(descriptors)  # type: ignore[operator]
        for descriptor in descriptors:
            os.close(descriptor)
        self._living.add(pid)
        return pid

    def _hand_out_worker(self, descriptors: list[int]) -> None:
        """Give the worker that was forked in advance its descriptors, and fork the next one.

        So a test does not wait for its fork, which happens while the test before it runs. Many a
        nursery hands out only one worker, so it is the second that shows that more will follow.
        """
        (number,) = NUMBER.unpack(self._exactly(NUMBER.size))
        limits = self._exactly(LIMITS.size)
        if self._spare is None or self._spare[0] not in self._living:  # none, or somebody killed it
            self._spare = self._fork_spare()
        pid, ours = self._spare
        self._numbers[pid] = number
        with contextlib.suppress(OSError):  # it has ended; who waits for it will see that
            socket.send_fds(ours, [limits], descriptors)
        ours.close()
        for descriptor in descriptors:
            os.close(descriptor)
        self._spare = self._fork_spare() if number > 1 else None

    def _fork_spare(self) -> tuple[int, socket.socket]:
        ours, theirs = socket.socketpair()
        return self._fork([theirs.detach()], self._be_worker), ours

    def _be_nursery(self, descriptors: list[int]) -> NoReturn:
        with contextlib.suppress(BaseException):
            sandbox.die_with_parent()
            control, *group = _keep_only(descriptors)
            run(socket.socket(fileno=control), self._without, *group)
        os._exit(0)

    def _be_worker(self, descriptors: list[int]) -> NoReturn:
        with contextlib.suppress(BaseException):
            os.setsid()
            sandbox.die_with_parent()
            self._join_group()
            waiting = socket.socket(fileno=_keep_only(descriptors)[0])
            numbers, received, _, _ = socket.recv_fds(waiting, LIMITS.size, 3)
            waiting.close()
            connection, output, scratch = _keep_only(received)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
            self._lock_down(scratch, numbers)
            os.write(connection, READY + NUMBER.pack(os.getpid()))
            from .worker import run as run_worker

            run_worker(socket.socket(fileno=connection))
        os._exit(70)

    def _join_group(self) -> None:
        """Into the job's control group, where the nursery is not: what fills it cannot stop it.

        The kernel takes some 10 ms for that, in which a worker that was forked in advance waits.
        """
        if self._group is not None:
            with contextlib.suppress(OSError):  # the other layers hold
                os.write(self._group, b"0")

    def _lock_down(self, scratch: int, numbers: bytes) -> None:
        """Into the sandbox, with the scratch folder as the current one; every layer, or the end."""
        memory, space, cpu = LIMITS.unpack(numbers)
        limits = Limits(memory_mb=memory, scratch_mb=space, cpu_seconds=cpu)
        held = sandbox.lock_down(scratch, limits, self._without)
        if lost := sorted(sandbox.own_layers(self._without) - held - {"namespaces"}):
            os.write(2, f"the sandbox lacks {', '.join(lost)}".encode())
            os._exit(71)
        os.fchdir(scratch)
        os.close(scratch)
        try:
            os.close(os.open(".", os.O_RDONLY))
        except OSError as error:
            os.write(2, f"the sandbox closes its own scratch folder: {error}".encode())
            os._exit(71)

    def _reap(self) -> bool:
        """Note who has ended; whether any child is left."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                self._living.discard(pid)
                if pid in self._numbers:
                    self._ended[self._numbers.pop(pid)] = status
                self._kill_orphans()
        return False

    def _kill(self, pid: int) -> None:
        if pid in self._living:
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(OSError):
                    kill(pid, signal.SIGKILL)

    def _kill_orphans(self) -> None:
        """Kill what workers have left behind, where no layer kept them from forking."""
        with contextlib.suppress(OSError), open("/proc/thread-self/children", "rb") as file:
            for pid in set(map(int, file.read().split())) - self._living:
                os.kill(pid, signal.SIGKILL)

    def _pid_of(self, number: int) -> int:
        """The process of a worker that lives; 0 if it has ended."""
        return next((pid for pid, its in self._numbers.items() if its == number), 0)

    def _status(self, number: int) -> int:
        pid, until = self._pid_of(number), time.monotonic() + GRACE
        while pid in self._living and time.monotonic() < until:
            self._reap()
            time.sleep(0.002)
        if pid not in self._living:
            return self._ended.pop(number, 0)
        self._kill(pid)
        while pid in self._living:
            self._reap()
            time.sleep(0.001)
        self._ended.pop(number, None)
        return CUT


def _keep_only(descriptors: list[int]) -> list[int]:
    """Close every descriptor but the first three and these, which become 3, 4 and so on."""
    high = [os.dup2(d, 200 + i, inheritable=False) for i, d in enumerate(descriptors)]
    low = [os.dup2(d, 3 + i, inheritable=False) for i, d in enumerate(high)]
    os.closerange(3 + len(low), os.sysconf("SC_OPEN_MAX"))
    return low


def run(control: socket.socket, without: Sequence[str] = (), group: int | None = None) -> None:
    """Be a nursery on this socket until it closes."""
    sandbox.adopt()
    nursery = Nursery(control, without, group)
    try:
        nursery.serve()
    finally:
        nursery.close()


def import_all(preload: Iterable[str]) -> None:
    """Import what workers need, once; the collector never looks at it, and stays off till then."""
    gc.disable()  # there is nothing to collect
    import resource  # noqa: F401 - imported for the workers, like all that follows

    import torch.utils.data  # noqa: F401

    from . import rules, warm, workbench, worker  # noqa: F401

    for name in preload:
        importlib.import_module(name)
    gc.freeze()  # some 90 ms of each full collection, of which Hypothesis asks for three
    for name in ENVIRONMENT:
        os.environ.pop(name, None)  # whom they are for has read them


def _settle_in(without: Sequence[str]) -> None:
    """What is tried or given up once, for all workers, while there is one thread."""
    with contextlib.suppress(OSError), open("/proc/self/comm", "w", encoding="utf-8") as file:
        file.write("kata-nursery")  # what `ps` and `top` say
    sandbox.own_layers(without)
    sandbox.enter_namespaces(without)
    sandbox.hide()
    sandbox.granted()


def _serve(control: socket.socket, without: Sequence[str] = ()) -> NoReturn:
    from . import warm

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the judge's to handle
    warm.warm()
    sandbox.die_with_parent()
    run(control, without)
    os._exit(0)


def be(control: socket.socket, without: Sequence[str] = ()) -> NoReturn:
    """Be the nursery, in a fork of a process that has imported all of it, and nothing secret."""
    try:
        sandbox.die_with_parent()
        _settle_in(without)
        _serve(control, without)
    except Exception as error:  # noqa: BLE001 - whoever asks for a worker is told
        with contextlib.suppress(OSError):  # nobody asks any more
            os.write(2, f"{type(error).__name__}: {error}".encode())
    finally:
        os._exit(1)  # it never comes back to what would become a judge


def main() -> None:
    """Serve the socket named on the command line."""
    control, names, *preload = sys.argv[1:]
    without = names.split(",")
    _settle_in(without)
    import_all(preload)
    _serve(socket.socket(fileno=int(control)), without)


if __name__ == "__main__":
    main()
