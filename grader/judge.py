"""The judge: a clean pytest process that collects the suites once and forks for each job.

`Judge` starts it and hands it jobs; `serve` is its other half, called by the plugin in the judge
process. They speak JSON lines over a socket: a job is a subject and the tests to run on it; each
test's record comes back as soon as the test has ended. A job runs in a fork of its own, so that it
can neither wait for another one nor leave anything behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import UnjudgedError

HERE = Path(__file__).resolve().parent
JOBS = max(2, os.cpu_count() or 2)


@dataclass(frozen=True)
class Test:
    """A test as it was collected."""

    __test__ = False

    id: str
    chapter: str
    exercise: str
    visible: bool
    sentence: str

    @property
    def name(self) -> str:
        """The test function's name."""
        return self.id.partition("::")[2]


@dataclass(frozen=True)
class Job:
    """A subject, and the tests to run on it.

    Attributes:
        name: Names the job in what comes back.
        subject: Folder with the chapters.
        chapter: Whose tests to run.
        tests: Their ids; None runs all of the chapter.
        judged: In a worker, or here (in the fork itself).
        own: Earlier chapters from the subject too.
        to_first: Stop at the first test that does not pass.
        call_seconds: For one call, where the course's limit is too long to wait.
    """

    name: str
    subject: Path
    chapter: str
    tests: tuple[str, ...] | None = None
    judged: bool = True
    own: bool = False
    to_first: bool = False
    call_seconds: int | None = None


def suite_files(root: Path, chapter: str, *, hidden: bool = True) -> list[Path]:
    """The files of a chapter's suite that are there."""
    names = ["test_visible.py", *(["test_hidden.py"] if hidden else [])]
    found = [root / "tests" / chapter / name for name in names]
    return [path for path in found if path.is_file()]


def arguments(root: Path, files: Iterable[Path], seed: int) -> list[str]:
    """What pytest is asked for, in a judge as in a learner's own process."""
    return [
        *("-c", str(HERE / "judge.ini"), "--rootdir", str(root / "tests")),
        *("--kata-root", str(root), "--hypothesis-seed", str(seed), *map(str, files)),
    ]


def environment() -> dict[str, str]:
    """The environment of a judge: what the system needs, and no option of pytest's."""
    from .seam.cgroup import VARIABLE

    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "HOME", "LANG", "LC_ALL", VARIABLE)
    found = {name: os.environ[name] for name in kept if name in os.environ}
    # Oracles load nothing from outside, and say so at once instead of trying.
    fixed = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "HF_HUB_OFFLINE": "1"}
    return {**found, **fixed}


class Judge:
    """A running judge process; use as a context manager.

    Args:
        root: The checkout with exercises/, solutions/ and tests/.
        chapters: Names of the chapters whose suites are collected.
        seed: The grading seed.
        hidden: Collect the hidden suites too.

    Raises:
        UnjudgedError: It does not start, or a suite cannot be collected.
        UsageError: course.toml is not in order, or has no such chapter.
    """

    def __init__(
        self, root: Path, chapters: Sequence[str], seed: int, *, hidden: bool = True
    ) -> None:
        from .course import load_course, preloads
        from .scratch import Scratch
        from .seam import ancestor, cgroup
        from .seam.nursery import ENVIRONMENT, NEEDS_FORK

        if not hasattr(os, "fork"):
            raise UnjudgedError(NEEDS_FORK)
        course = load_course(root / "exercises" / "course.toml")
        modules = preloads(course.chapter(name) for name in chapters)
        files = [f for c in chapters for f in suite_files(root, c, hidden=hidden)]
        if not files:
            raise UnjudgedError(f"{root / 'tests'} has no suite of {', '.join(chapters)}")
        try:
            self._scratch = Scratch()  # whatever is written there goes, if the judge is killed
        except OSError as error:
            where = tempfile.gettempdir()
            raise UnjudgedError(f"no folder can be made in {where}: {error.strerror}") from None
        self._folder = self._scratch.path
        cgroup.divided()  # before it starts: it is to be born in the leaf
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the judge is left
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            ancestor.command(theirs.fileno(), modules),
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            env=ENVIRONMENT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        told = {**environment(), "TMPDIR": self._folder}
        with contextlib.suppress(OSError):  # it has ended, as its first answer will say
            ours.sendall(ancestor.order(told, arguments(root, files, seed)))
        self._socket = ours
        self._lines = ours.makefile("r", encoding="utf-8")
        self.tests: list[Test] = []

    def __enter__(self) -> Judge:
        self.tests = [Test(**test) for test in self._next()["tests"]]
        return self

    def __exit__(self, *_: object) -> None:
        from .seam import cgroup

        self._lines.close()
        self._socket.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        cgroup.sweep(1)  # it does that itself, unless it was killed
        self._said.close()
        self._scratch.close()

    def of(self, chapter: str, exercises: Iterable[str] | None = None) -> list[Test]:
        """The tests of a chapter, or of some of its exercises."""
        wanted = None if exercises is None else set(exercises)
        return [
            t
            for t in self.tests
            if t.chapter == chapter and (wanted is None or t.exercise in wanted)
        ]

    def run(self, jobs: Iterable[Job], at_once: int = JOBS) -> Iterator[tuple[Job, dict[str, Any]]]:
        """Run jobs, a few at a time; yields each test's record as it comes.

        When a job has ended, `(job, {"done": reason})` comes, where `reason` is empty unless the
        job was lost.

        Raises:
            UnjudgedError: The judge has ended.
        """
        waiting, running = iter(jobs), dict[str, Job]()
        while True:
            while len(running) < at_once and (job := next(waiting, None)):
                running[job.name] = job
                self._hand_out(job)
            if not running:
                return
            message = self._next()
            job = running[message["job"]]
            if "done" in message:
                del running[job.name]
                yield job, {"done": message["done"]}
            else:
                yield job, message["result"]

    def _hand_out(self, job: Job) -> None:
        data = {
            "job": job.name,
            "subject": str(job.subject),
            "chapter": job.chapter,
            "tests": job.tests,
            "judged": job.judged,
            "own": job.own,
            "to_first": job.to_first,
            "call_seconds": job.call_seconds,
        }
        try:
            self._socket.sendall(json.dumps(data).encode() + b"\n")
        except OSError:
            raise self._ended() from None

    def _next(self) -> dict[str, Any]:
        try:
            line = self._lines.readline()
        except OSError:  # it ended with something of ours unread
            line = ""
        if not line.endswith("\n"):
            raise self._ended()
        message: dict[str, Any] = json.loads(line)
        if "trouble" in message:
            raise UnjudgedError(message["trouble"])
        return message

    def _ended(self) -> UnjudgedError:
        self._process.wait()
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace").strip().splitlines()
        errors = [line for line in said if line.startswith("E ")] or said
        last = errors[-1].removeprefix("E ").strip() if errors else "it said nothing"
        return UnjudgedError(f"the judge has ended ({self._process.returncode}): {last}")


# The other half, in the judge process


@dataclass
class _Fork:
    """A fork of the judge that does one job, and what it has said."""

    job: str
    pid: int
    folder: str
    rest: bytes = b""
    ended: bool = False
    why: str = ""
    heard: float = field(default_factory=time.monotonic)


class Server:
    """Serves jobs in the judge process.

    Args:
        control: The socket to the process that hands out the jobs.
        tests: What was collected.
        prepare: Called in the judge for each job before the fork; what it returns goes to `work`
            in the fork and is closed in the judge.
        work: Runs one job in a fork, writing records to the file it is given.
        silence: Seconds without a record after which a fork hangs, and is killed.
    """

    def __init__(
        self,
        control: socket.socket,
        tests: Sequence[Test],
        prepare: Any,
        work: Any,
        silence: float,
    ) -> None:
        self._control, self._tests = control, tests
        self._prepare, self._work, self._silence = prepare, work, silence
        self._selector = selectors.DefaultSelector()
        self._buffer = b""
        self._left: list[str] = []  # folders of forks that have ended

    def serve(self) -> None:
        """Until the other side closes the socket."""
        self.say({"tests": [vars(t) for t in self._tests]})
        self._selector.register(self._control, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select(self._stop_silent()):
                if key.fileobj is self._control:
                    data = self._control.recv(1 << 16)
                    if not data:
                        return
                    *lines, self._buffer = (self._buffer + data).split(b"\n")
                    for line in lines:
                        self._start(json.loads(line))
                else:
                    self._forward(key)

    def _stop_silent(self) -> float | None:
        """Kill the forks that have said nothing for too long; seconds until the next look."""
        forks = [key.data for key in self._selector.get_map().values() if key.data]
        now = time.monotonic()
        for fork in forks:
            if now - fork.heard > self._silence and not fork.why:
                fork.why = f"the judge's fork said nothing for {self._silence:.0f} s"
                os.kill(fork.pid, signal.SIGKILL)
        self._clear()
        waits = [f.heard + self._silence - now for f in forks if not f.why]
        return min([*waits, *([1.0] if self._left else [])], default=None)

    def _clear(self) -> None:
        """Remove what ended forks have left; what their dying workers still hold, the next time."""
        from .seam.measures import remove

        for folder in self._left:
            remove(folder)
        self._left = [folder for folder in self._left if os.path.exists(folder)]

    def say(self, message: dict[str, Any]) -> None:
        """Send one message."""
        self._control.sendall(json.dumps(message).encode() + b"\n")

    def _start(self, job: dict[str, Any]) -> None:
        given = self._prepare(job)
        reading, writing = os.pipe()
        folder = ""
        with contextlib.suppress(OSError):  # a full disk, which the fork will meet and tell
            folder = tempfile.mkdtemp(prefix="fork-")
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                tempfile.tempdir = folder or tempfile.gettempdir()
                os.close(reading)
                self._control.close()
                with open(writing, "w", encoding="utf-8") as sink:
                    self._work(job, given, sink)
                    sink.write("end\n")
                code = 0
            except BaseException:  # noqa: BLE001 - said where the judge's other words go
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writing)
        if given is not None:
            given.close()
        self._selector.register(reading, selectors.EVENT_READ, _Fork(job["job"], pid, folder))

    def _forward(self, key: selectors.SelectorKey) -> None:
        fork: _Fork = key.data
        data = os.read(key.fd, 1 << 16)
        fork.heard = time.monotonic()
        *lines, fork.rest = (fork.rest + data).split(b"\n")
        for line in lines:
            if line == b"end":
                fork.ended = True
            else:
                self.say({"job": fork.job, "result": json.loads(line)})
        if not data:
            self._selector.unregister(key.fd)
            os.close(key.fd)
            _, status = os.waitpid(fork.pid, 0)
            self._left += [fork.folder] if fork.folder else []
            self._clear()
            code = os.waitstatus_to_exitcode(status)
            why = fork.why or f"the judge's fork ended ({code})"
            self.say({"job": fork.job, "done": "" if fork.ended else why})
