"""A test's chapter and probe, here or judged; judged, the next test's worker is started ahead."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .course import Course, Exercise, Rule
from .errors import KataError, SubjectBroken, SubjectError, SubjectMissing
from .subject import Source, load_package, read_source, sources_for

if TYPE_CHECKING:
    from .seam.remote import Nursery, Worker

MAX_BROKEN = 3  # tests in a row in which the chapter does not load; then the others are not run


@dataclass(frozen=True)
class _Started:
    """A worker that is loading the subject for one test, and what ends it."""

    key: tuple[str, int]
    worker: Worker
    sources: list[Source]
    stack: contextlib.ExitStack


class Opening:
    """Opens a subject's chapters for one test after the other.

    Args:
        course: The course.
        subject: Folder with the code under test.
        reference: Folder with the reference, for the chapters before.
        own: Take the earlier chapters from the subject too.
        nursery: Gives the nursery that workers are forked from; None opens them in this process.
    """

    def __init__(
        self,
        course: Course,
        subject: Path,
        reference: Path,
        *,
        own: bool = False,
        nursery: Callable[[], Nursery] | None = None,
    ) -> None:
        self._course, self._subject, self._reference = course, subject, reference
        self._own, self._nursery = own, nursery
        self._ahead: _Started | None = None
        self._codes: dict[tuple[Source, ...], list[bytes]] = {}
        # How loading failed, as often as it did in a row; code at import may meet a rule.
        self._broken: dict[tuple[Rule, ...], list[str]] = {}

    @contextlib.contextmanager
    def opened(self, exercise: Exercise, seed: int) -> Iterator[tuple[Any, Any]]:
        """The chapter and the probe for one test.

        Args:
            exercise: The test's exercise.
            seed: For torch's default generator beside the subject.

        Raises:
            SubjectBroken: The chapter does not load, in this test or in `MAX_BROKEN` before it.
        """
        from .probe import Probe
        from .seam.workbench import Workbench

        if self._nursery is None:
            with _scratch() as scratch, contextlib.closing(Workbench(scratch)) as side:
                yield load_package(self._sources(exercise)), Probe(side, exercise)
            return
        started, self._ahead = self._ahead, None
        broken = self._broken.setdefault(exercise.rules, [])
        if len(broken) >= MAX_BROKEN:
            _end(started)
            raise SubjectBroken(f"{broken[-1]}\n({MAX_BROKEN} tests found that; this was not run)")
        if started is None or started.key != (exercise.id, seed):
            _end(started)
            started = self._start(self._nursery(), exercise, seed)
        with started.stack:
            worker = started.worker
            try:
                module = worker.loaded()
            except SubjectBroken as error:
                broken.append(str(error))
                raise
            broken.clear()
            if worker.codes:
                self._codes[tuple(started.sources)] = worker.codes
            yield module, Probe(worker.workbench, exercise, worker.place, worker.fetch)
            worker.settle()

    def ahead(self, exercise: Exercise, seed: int) -> None:
        """Start the worker of the test that comes next, which so need not wait for it."""
        if self._nursery is not None:
            # Whatever is wrong, that test will meet it again.
            with contextlib.suppress(KataError, SubjectError, OSError):
                self._ahead = self._start(self._nursery(), exercise, seed)

    def close(self) -> None:
        """End a worker that no test came for."""
        _end(self._ahead)
        self._ahead = None

    def _sources(self, exercise: Exercise) -> list[Source]:
        before = [c.name for c in self._course.before(exercise.chapter)]
        name = exercise.chapter
        return sources_for(name, self._subject, self._reference, before, own=self._own)

    def _known_codes(self, sources: list[Source]) -> list[bytes]:
        """What these were compiled to; before a worker has said so, it is known of the reference.

        The judge compiles nothing of a subject: what the compiler does with it is the worker's.
        """
        from .seam.worker import code_bytes

        ours = str(self._reference)
        return self._codes.get(tuple(sources)) or [
            code_bytes(s.name, s.text) if os.path.dirname(s.path) == ours else b"" for s in sources
        ]

    def _start(self, nursery: Nursery, exercise: Exercise, seed: int) -> _Started:
        sources = self._sources(exercise)
        with contextlib.ExitStack() as stack:
            worker = stack.enter_context(nursery.worker(exercise.rules))
            worker.start_loading(sources, seed, self._known_codes(sources))
            return _Started((exercise.id, seed), worker, sources, stack.pop_all())


@functools.cache
def compile_ahead(reference: Path, chapters: tuple[str, ...]) -> None:
    """Compile chapters of the reference in this process, so that no fork of it has to."""
    from .seam.worker import code_bytes

    for name in chapters:
        with contextlib.suppress(SubjectMissing):
            code_bytes(name, read_source(reference, name).text)


def _scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for one test; learner code may still hold or lock what lies in it."""
    return tempfile.TemporaryDirectory(prefix="kata-", ignore_cleanup_errors=True)


def _end(started: _Started | None) -> None:
    if started is not None:
        started.stack.close()
