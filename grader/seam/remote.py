"""The judge's side of the seam: stand-ins for what lives in a worker.

A `Handle` stands for an object of the subject's. The judge may call it, get an attribute, index,
take its length and iterate; a handle is never a value, so that comparing, hashing or testing one
for truth is an error of the test's. Whatever the worker does (dies, hangs, floods, breaks the
protocol), the judge gets an exception of `grader.errors` within the deadline.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..course import Limits, Rule
from ..errors import (
    SubjectBroken,
    SubjectDied,
    SubjectKilled,
    SubjectRaised,
    SubjectRefused,
    SubjectStopped,
    SubjectTimeout,
    UnjudgedError,
)
from ..subject import Source
from . import cgroup, measures
from . import rules as rules_module
from .nursery import CUT, GRACE, LIMITS, NUMBER, READY, Forked, Started, start
from .wire import MAX_FRAME, Decoder, Encoder, WireError, callback_bytes, handle_bytes
from .worker import HEADER

START_SECONDS = 60.0  # for the nursery to import torch
MAX_OUTPUT = 64 << 10  # bytes of a test's output that are kept, the last ones
FLOOD = 64 << 20  # bytes of output after which a worker is stopped
MAX_CALLBACKS = 100_000  # of one test
MAX_NESTING = 16  # calls within callbacks within calls
LOOK = 0.05  # seconds between two looks at what a worker uses
LOOK_INTO = 0.25  # seconds between two looks into its scratch folder

_ERRORS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
}
# No test may catch these: the first two end loops, the others end processes.
_WRAPPED = ("StopIteration", "StopAsyncIteration")


class Handle:
    """Stands for an object in the worker."""

    __slots__ = ("_kind", "_number", "_worker")

    def __init__(self, worker: Worker, number: int, kind: str) -> None:
        self._worker, self._number, self._kind = worker, number, kind

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"{name} does not cross the seam")
        known = self._worker.members.get((self._number, name))
        if known is not None:
            return known
        found = self._worker.request("attribute", self, name)
        # A chapter's functions and classes; what the workbench can do.
        kept = self._kind == "module" or self is self._worker.workbench
        if type(found) is Handle and kept:
            self._worker.members[self._number, name] = found
        return found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: D102 - it calls
        return self._worker.request("call", self, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        return self._worker.request("index", self, index)

    def __len__(self) -> int:
        length = self._worker.request("length", self)
        if type(length) is not int or length < 0:
            raise SubjectRefused(f"the length of a {self._kind} is not a number")
        return length

    def __iter__(self) -> Iterator[Any]:
        iterator = self._worker.request("iterate", self)
        while item := self._worker.request("next", iterator):
            if type(item) is not tuple or len(item) != 1:
                raise SubjectRefused("the iteration broke the protocol")
            yield item[0]

    def __repr__(self) -> str:
        return f"<{self._kind} of the subject>"

    def _not_a_value(self, *_: Any) -> Any:
        raise SubjectRefused(f"got a {self._kind}, which is not a plain value")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _not_a_value
    __contains__ = __float__ = __int__ = __index__ = _not_a_value
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _not_a_value
    __abs__ = __neg__ = _not_a_value
    __hash__ = None  # type: ignore[assignment]


class Nursery:
    """Where workers come from: a nursery process, and a fork of it for each set of rules.

    Args:
        started: What `nursery.start` gave; None starts one.
        limits: Seconds that workers may take.

    Raises:
        UnjudgedError: It cannot be started.
    """

    def __init__(self, started: Started | None = None, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        started = started or start()
        self._processes = {NO_RULES: _Process(started.control, started.process)}
        self._group: cgroup.Group | None = None

    def fork(self, rule_sets: Iterable[Sequence[Rule]], call_seconds: int | None = None) -> Nursery:
        """A nursery of its own for one job, killed when it is closed.

        Args:
            rule_sets: Those that the job's workers will be forked with.
            call_seconds: Replaces the limit for one call.
        """
        job = copy.copy(self)
        if call_seconds is not None:
            job._limits = replace(self._limits, call_seconds=call_seconds)
        wanted = {_key(rules) for rules in rule_sets}
        job._group = cgroup.new_group(job._limits)
        job._processes = {key: self._forked(key, job._group) for key in sorted(wanted)}
        return job

    def close_rules(self, rule_sets: Iterable[Sequence[Rule]]) -> None:
        """Close these rules now, without waiting for it, before a worker is asked for."""
        for key in dict.fromkeys(map(_key, rule_sets)):
            self._of(key)

    @contextlib.contextmanager
    def worker(self, closed: Sequence[Rule] = ()) -> Iterator[Worker]:
        """A fresh worker in which the operators of these rules are closed."""
        process = self._of(_key(closed))
        scratch = measures.new_folder()
        try:
            worker = process.worker(self._limits, scratch)
            try:
                yield worker
            finally:
                worker.end()
        finally:
            measures.remove(scratch)

    def close(self) -> None:
        """End the nursery and everything forked from it."""
        for process in reversed(self._processes.values()):
            process.close()
        if self._group:
            self._group.close()
        else:  # the first one, that jobs come from
            cgroup.sweep(GRACE)

    def _forked(self, key: str, group: cgroup.Group | None) -> _Process:
        """A fork of the process of this key, which is made anew if somebody has ended it."""
        if key != NO_RULES and key in self._processes:
            try:
                return self._processes[key].fork(group)
            except UnjudgedError:
                self._processes.pop(key).close()
        return self._of(key).fork(group)

    def _of(self, key: str) -> _Process:
        """The process in which the rules of this key are closed, forked once."""
        if key not in self._processes:
            self._processes[key] = self._processes[NO_RULES].fork()
            self._processes[key].close_rules(key)
        return self._processes[key]


def _key(closed: Sequence[Rule]) -> str:
    """Rules as a nursery process reads them; equal for equal ones."""
    return json.dumps(
        [
            {
                "text": rules_module.message(rule.name, rule.says),
                "operators": rule.operators,
                "composites": rule.composites,
                "modules": rule.modules,
            }
            for rule in closed
        ]
    )


NO_RULES = _key(())


class _Process:
    """The judge's end of one nursery process (`seam.nursery` says what it answers)."""

    def __init__(
        self, control: socket.socket, process: subprocess.Popen[bytes] | Forked | None = None
    ) -> None:
        self._control, self._process = control, process
        self._workers, self._said = 0, ""

    def fork(self, group: cgroup.Group | None = None) -> _Process:
        ours, theirs = socket.socketpair()
        self._send(b"N", [theirs.fileno(), *([group.procs] if group else [])])
        theirs.close()
        return _Process(ours)

    def close_rules(self, key: str) -> None:
        data = key.encode()
        try:
            folders = os.open(tempfile.gettempdir(), os.O_RDONLY)
        except OSError as error:
            raise UnjudgedError(
                f"the folder for scratch folders cannot be opened: {error}"
            ) from None
        try:
            self._send(b"R" + NUMBER.pack(len(data)) + data, [folders])
        finally:
            os.close(folders)

    def worker(self, limits: Limits, scratch: str) -> Worker:
        connection, theirs = socket.socketpair()
        # Room for a subject and its codes, so that nobody waits till a worker reads them.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        output, their_output = os.pipe()
        folder = os.open(scratch, os.O_RDONLY)
        self._workers += 1
        try:
            numbers = LIMITS.pack(limits.memory_mb, limits.scratch_mb, limits.cpu_seconds)
            request = b"W" + NUMBER.pack(self._workers) + numbers
            self._send(request, [theirs.fileno(), their_output, folder])
        finally:
            theirs.close()
            os.close(their_output)
            os.close(folder)
        return Worker(connection, output, self._workers, self, limits, scratch)

    def kill(self, worker: int) -> None:
        """Kill a worker, by its number."""
        with contextlib.suppress(UnjudgedError):
            self._send(b"K" + NUMBER.pack(worker))

    def status(self, worker: int) -> int:
        """How a worker ended, as `os.waitpid` says it; CUT if it still lived and was killed now."""
        self._send(b"S" + NUMBER.pack(worker))
        return self._answer()

    def close(self) -> None:
        self._control.close()
        if self._process:
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stderr:
                self._process.stderr.close()

    def _send(self, data: bytes, descriptors: Sequence[int] = ()) -> None:
        try:
            if descriptors:
                socket.send_fds(self._control, [data], list(descriptors))
            else:
                self._control.sendall(data)
        except OSError:
            raise self._gone() from None

    def _answer(self) -> int:
        self._control.settimeout(START_SECONDS)
        data = b""
        try:
            while len(data) < NUMBER.size:
                part = self._control.recv(NUMBER.size - len(data))
                if not part:
                    raise self._gone()
                data += part
        except TimeoutError:
            raise UnjudgedError(f"the nursery did not answer in {START_SECONDS:.0f} s") from None
        except OSError:
            raise self._gone() from None
        number: int = NUMBER.unpack(data)[0]
        return number

    def _gone(self) -> UnjudgedError:
        if self._process and self._process.stderr and not self._process.stderr.closed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=2)
                self._said += self._process.stderr.read().decode("utf-8", "replace")
        lines = self._said.strip().splitlines() or ["it said nothing"]
        return UnjudgedError(f"the nursery has ended: {lines[-1]}")


class Worker:
    """The judge's end of one worker.

    Attributes:
        workbench: Stands for the `Workbench` beside the subject, once it is loaded.
        output: The last bytes that the subject printed.
        members: What modules have given by name, so that it is asked for once.
        codes: What it has compiled the sources to, once the subject is loaded.
    """

    def __init__(
        self,
        connection: socket.socket,
        output: int,
        number: int,
        nursery: _Process,
        limits: Limits,
        scratch: str,
    ) -> None:
        self._connection, self._output = connection, output
        self._which, self._pid = number, 0
        self._nursery, self._limits, self._scratch = nursery, limits, scratch
        self._looked = self._looked_into = 0.0
        self._killed = False
        self._connection.setblocking(False)
        os.set_blocking(output, False)
        self._deadline = time.monotonic() + limits.test_seconds
        self._deadlines: list[float] = []
        self._number = self._loading = 0
        self._compiles = False  # and has not sent the codes yet
        self._functions: list[Callable[..., Any]] = []
        self._calls_back = 0
        self._failed: Exception | None = None
        self._printed = 0
        self._decoder = Decoder(self._handle)
        self.output = b""
        self.workbench: Any = None
        self.members: dict[tuple[int, str], Handle] = {}
        self.codes: list[bytes] = []

    def start_loading(
        self, sources: Sequence[Source], seed: int, codes: Sequence[bytes] = ()
    ) -> None:
        """Have the worker load the subject, without waiting for it.

        Args:
            sources: Of the subject's chapters, the one under test last.
            seed: For torch's default generator beside the subject.
            codes: What each of these sources is compiled to. Those that are empty the worker
                compiles, and sends before a line of the subject runs; so they say what the texts
                say. None at all: it compiles every one.
        """
        texts = [(s.name, s.text) for s in sources]
        codes = list(codes) or [b""] * len(texts)
        self._compiles = not all(codes)
        with contextlib.suppress(SubjectDied, SubjectTimeout), self._call():  # `loaded` says it
            self._loading = self._ask("load", texts, codes, seed)

    def loaded(self) -> Handle:
        """Wait until the subject is loaded; the test's time begins here.

        Returns:
            The stand-in of its last chapter's module.

        Raises:
            SubjectBroken: It does not load.
            UnjudgedError: The worker could not lock itself down.
        """
        self._await_ready()
        self._deadline = time.monotonic() + self._limits.test_seconds
        try:
            with self._call():
                found = self._await(self._loading)
        except (SubjectKilled, UnjudgedError):
            raise
        except SubjectDied as error:
            raise SubjectBroken(f"the chapter does not load: {error}") from None
        except SubjectTimeout as error:
            raise SubjectTimeout(f"the chapter does not load: {error}") from None
        except Exception as error:  # noqa: BLE001 - whatever the subject raised at import
            text = f"raised {type(error).__name__}: {error}"
            text = str(error) if isinstance(error, SubjectRaised) else text
            places = getattr(error, "subject_frames", [])
            text = "\n".join([f"the chapter does not load: {text}", *(f"  at {p}" for p in places)])
            raise SubjectBroken(text) from None
        if type(found) is not tuple or len(found) != 2 or not all(type(f) is Handle for f in found):
            raise SubjectBroken("the chapter does not load: it broke the protocol")
        if type(self.codes) is not list or not all(type(code) is bytes for code in self.codes):
            raise SubjectBroken("the chapter does not load: it broke the protocol")
        module, self.workbench = found
        return module

    def _await_ready(self) -> None:
        """Until the worker is locked down; before, nothing of the subject runs."""
        self._deadlines.append(time.monotonic() + START_SECONDS)
        try:
            if not self._pid and self._exactly(len(READY)) == READY:
                self._pid = NUMBER.unpack(self._exactly(NUMBER.size))[0]
        except (SubjectDied, SubjectTimeout) as error:
            self._drain()
            said = self.output.decode("utf-8", "replace").strip()
            raise UnjudgedError(f"a worker cannot be made: {said or error}") from None
        finally:
            self._deadlines.pop()

    def place(self, value: Any) -> Handle:
        """Move a value to the worker and keep it there."""
        handle: Handle = self.request("place", value)
        return handle

    def fetch(self, handle: Any) -> Any:
        """The plain value behind a handle.

        Raises:
            SubjectRefused: It is not a plain value.
        """
        value = self.request("fetch", handle) if type(handle) is Handle else handle
        if type(value) is Handle:
            raise SubjectRefused(f"got a {value._kind}, which is not a plain value")
        return value

    def request(self, operation: str, *arguments: Any) -> Any:
        """Ask the worker for one thing and wait for it.

        Raises:
            SubjectError: The worker died, ran out of time, or what came is not a value.
            Exception: What the subject raised, as the same built-in type.
        """
        with self._call():
            return self._await(self._ask(operation, *arguments))

    @contextlib.contextmanager
    def _call(self) -> Iterator[None]:
        """What is asked and awaited within has the deadline of one call."""
        self.settle()
        if len(self._deadlines) >= MAX_NESTING:
            raise SubjectRefused(f"calls and callbacks nest deeper than {MAX_NESTING}")
        latest = time.monotonic() + self._limits.call_seconds
        self._deadlines.append(min(latest, self._deadline, *self._deadlines))
        try:
            yield
        except (SubjectDied, SubjectTimeout, UnjudgedError) as error:
            self._failed = error
            raise
        finally:
            self._deadlines.pop()

    def settle(self) -> None:
        """After a test, raise what ended the worker, whatever the test has made of it."""
        if self._failed:
            raise self._failed

    def _ask(self, operation: str, *arguments: Any) -> int:
        self._number += 1
        self._send(self._number, (operation, *arguments))
        return self._number

    def end(self) -> None:
        """Kill the worker and let go of everything."""
        self._kill()
        with contextlib.suppress(SubjectDied):
            self._drain()
        self._await_end()
        self._connection.close()
        with contextlib.suppress(OSError):
            os.close(self._output)

    def _await_end(self) -> None:
        """Until nothing more can be written: its folder is removed, or the worker has ended."""
        try:
            os.rmdir(self._scratch)
        except OSError:
            until = time.monotonic() + 2
            self._connection.setblocking(True)
            self._connection.settimeout(0.1)
            while time.monotonic() < until:
                with contextlib.suppress(TimeoutError):
                    try:
                        if not self._connection.recv(1 << 20):
                            return
                    except ConnectionError:
                        return

    # What comes

    def _await(self, number: int) -> Any:
        pending: BaseException | None = None
        while True:
            message = self._receive(number)
            kind = message[0] if type(message) is tuple and message else None
            if kind == "callback" and len(message) == 4:
                reply: tuple[Any, ...]
                try:
                    reply = ("ok", self._call_function(*message[1:]))
                except BaseException as error:
                    if not isinstance(error, Exception):
                        raise
                    pending, reply = pending or error, ("stop",)
                self._send(number, reply)
                continue
            if kind == "codes" and len(message) == 2 and self._compiles:
                self._compiles, self.codes = False, message[1]
                continue
            if pending is not None:  # the test failed in its own function, whatever came after
                raise pending
            if kind == "ok" and len(message) == 2:
                return message[1]
            if kind == "refused" and len(message) == 2:
                raise SubjectRefused(f"what came back cannot be read: {message[1]}")
            if kind == "raised" and len(message) == 4:
                raise _rebuilt(*message[1:])
            raise self._broken()

    def _call_function(self, number: Any, args: Any, kwargs: Any) -> Any:
        self._calls_back += 1
        if self._calls_back > MAX_CALLBACKS:
            raise SubjectRefused(f"called the test's function more than {MAX_CALLBACKS:,} times")
        good = (
            type(number) is int
            and 0 <= number < len(self._functions)
            and type(args) is tuple
            and type(kwargs) is dict
            and all(type(key) is str for key in kwargs)
        )
        if not good:
            raise self._broken()
        return self._functions[number](*args, **kwargs)

    def _receive(self, number: int) -> Any:
        length, came = HEADER.unpack(self._exactly(HEADER.size))
        if came != number:
            raise self._broken()
        if length > MAX_FRAME:
            raise self._broken(f"an answer of {length >> 20:,} MiB, over {MAX_FRAME >> 20} MiB")
        try:
            return self._decoder.decode(self._exactly(length))
        except WireError as error:
            raise self._broken(str(error)) from None

    def _exactly(self, count: int) -> bytearray:
        data = bytearray()
        while len(data) < count:
            try:
                part = self._connection.recv(min(count - len(data), 1 << 20))
            except BlockingIOError:
                self._wait(select.POLLIN)
                continue
            except OSError:
                part = b""
            if not part:
                raise self._died()
            data += part
        return data

    def _send(self, number: int, message: tuple[Any, ...]) -> None:
        try:
            payload = Encoder(self._refer).encode(message)
        except WireError as error:
            # The reference's values cross, so this one is built on what the subject gave.
            raise SubjectRefused(f"what came back cannot be passed on: {error}") from None
        view = memoryview(HEADER.pack(len(payload), number) + payload)
        while view:
            try:
                view = view[self._connection.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)
            except OSError:
                raise self._died() from None

    def _wait(self, what: int) -> None:
        """Until the connection is ready; meanwhile take what the subject prints."""
        poll = select.poll()
        poll.register(self._connection, what)
        poll.register(self._output, select.POLLIN)
        while True:
            self._look()
            left = self._deadlines[-1] - time.monotonic()
            if left <= 0:
                raise self._late()
            ready = dict(poll.poll(min(left, LOOK) * 1000))
            if self._output in ready and not self._drain():
                poll.unregister(self._output)
            if self._connection.fileno() in ready:
                return

    def _drain(self) -> bool:
        """Take what was printed; False once the subject has closed its output."""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._output, 1 << 16):
                self._printed += len(part)
                self.output = (self.output + part)[-MAX_OUTPUT:]
                if self._printed > FLOOD:
                    self._kill()
                    raise SubjectStopped(f"printed more than {FLOOD >> 20} MiB, and was stopped")
                if self._deadlines and time.monotonic() > self._deadlines[-1]:
                    raise self._late()
            return False
        return True

    def _look(self) -> None:
        """Stop the worker if it uses more than it may."""
        now = time.monotonic()
        if now - self._looked < LOOK:
            return
        self._looked = now
        too_much = measures.excess(self._pid, self._limits) if self._pid else ""
        if not too_much and now - self._looked_into >= LOOK_INTO:
            self._looked_into = now
            too_much = measures.overfull(self._scratch, self._limits)
        if too_much:
            self._kill()
            raise SubjectStopped(f"{too_much}, and was stopped")

    # How it ends

    def _kill(self) -> None:
        self._killed = True
        self._nursery.kill(self._which)

    def _late(self) -> SubjectTimeout:
        self._kill()
        if time.monotonic() >= self._deadline:
            return SubjectTimeout(f"the test did not end within {self._limits.test_seconds} s")
        return SubjectTimeout(f"a call did not return within {self._limits.call_seconds} s")

    def _broken(self, why: str = "an answer that was not asked for") -> SubjectDied:
        self._kill()
        return SubjectDied(f"the process broke the protocol ({why}), and was stopped")

    def _died(self) -> SubjectDied:
        status = self._nursery.status(self._which)
        if status == CUT:
            return SubjectDied("the process closed its connection during the call")
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number == signal.SIGKILL and not self._killed:
                return SubjectKilled("the process was ended by SIGKILL")
            with contextlib.suppress(ValueError):
                return SubjectDied(f"the process was ended by {signal.Signals(number).name}")
            return SubjectDied(f"the process was ended by signal {number}")
        code = os.waitstatus_to_exitcode(status)
        return SubjectDied(f"the process ended itself with exit code {code} during the call")

    # References

    def _refer(self, value: Any) -> bytes:
        if type(value) is Handle:
            if value._worker is not self:
                raise UnjudgedError("a test used a handle of another worker")
            return handle_bytes(value._number, value._kind)
        if callable(value):
            self._functions.append(value)
            return callback_bytes(len(self._functions) - 1)
        raise UnjudgedError(f"a test sends a {type(value).__name__}, which does not cross the seam")

    def _handle(self, number: int, kind: str) -> Handle:
        return Handle(self, number, "".join(c for c in kind if c.isidentifier() or c.isdigit()))


def _rebuilt(name: Any, text: Any, frames: Any) -> Exception:
    """The subject's exception as a built-in one, with the lines of the subject it came through."""
    text = text if type(text) is str else ""
    places = [f for f in frames if type(f) is str] if type(frames) is list else []
    kind = _ERRORS.get(name) if type(name) is str else None
    error: Exception
    if kind is None or name in _WRAPPED:
        shown = name if type(name) is str and hasattr(builtins, name) else "an exception"
        error = SubjectRaised(f"raised {shown}: {text}" if text else f"raised {shown}")
    elif issubclass(kind, UnicodeError):
        error = UnicodeError(text)
    elif issubclass(kind, SyntaxError):
        error = kind(text)
    else:
        try:
            error = kind(text)
        except TypeError:  # ExceptionGroup wants more than a text
            error = Exception(text)
    error.subject_frames = places  # type: ignore[attr-defined]
    return error
