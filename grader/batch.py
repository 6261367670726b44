"""Many submissions -> rows in a store, by one judge that forks for each of them.

Only what changed is graded again: a chapter's bytes, its suite, the grader's version, the seed.
What is UNJUDGED is tried once more at once, and again by the next command.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import __version__, scratch
from .course import Chapter, Course
from .errors import UnjudgedError, UsageError
from .grading import MAX_SEED, chapter_report, layers, versions
from .handin import HandIn, Module, find, read
from .judge import JOBS, Job, Judge, Test
from .names import shown
from .notebooks.reading import taker
from .report import FAILED, UNJUDGED, ChapterReport, Report, worst
from .store import Key, Store

MAX_TRIES = 2  # of one chapter, in one command

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Batch:
    """What to grade, and how.

    Attributes:
        root: The checkout with exercises/, solutions/ and tests/.
        course: Its course.
        submissions: The folder that holds them.
        chapters: Which chapters count.
        seed: The grading seed.
        jobs: How many at a time.
        only: Only the submissions of these names; none named takes all.
        force: Grade again what has not changed.
        shard: (I, N): only the I-th of N parts, counted from 1.
    """

    root: Path
    course: Course
    submissions: Path
    chapters: tuple[Chapter, ...]
    seed: int = 0
    jobs: int = JOBS
    only: tuple[str, ...] = ()
    force: bool = False
    shard: tuple[int, int] = (1, 1)


@dataclass
class Tally:
    """What became of a batch, in submissions, and for the rest in chapters of submissions."""

    submissions: int = 0
    graded: int = 0
    unchanged: int = 0
    not_handed_in: int = 0
    unjudged: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    gone: int = 0


def parse_shard(text: str) -> tuple[int, int]:
    """`2/8` -> (2, 8).

    Raises:
        UsageError: It is something else.
    """
    first, slash, last = text.partition("/")
    if slash and first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last):
        return int(first), int(last)
    raise UsageError(f"--shard is {text!r}, not I/N with I from 1 to N")


def in_shard(name: str, shard: tuple[int, int]) -> bool:
    """Whether a submission is in a part; new submissions move none of the others."""
    number = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8]
    return int.from_bytes(number, "big") % shard[1] == shard[0] - 1


def suite_digest(root: Path, course: Course, chapter: Chapter) -> str:
    """A digest of what decides a chapter's verdicts beside the submission itself."""
    bare = replace(chapter, exercises=tuple(replace(e, hints=()) for e in chapter.exercises))
    found = hashlib.sha256(repr((bare, course.limits)).encode())
    tests = root / "tests" / chapter.name
    files = [p for p in sorted(tests.glob("*.*")) if p.name != "equivalent.toml"]
    for name in [*(c.name for c in course.before(chapter.name)), chapter.name]:
        files.append(root / "solutions" / f"{name}.py")
    files += sorted((root / "exercises" / "data").rglob("*"))
    for path in files:
        if path.is_file():
            content = path.read_bytes()
            found.update(f"\0{path.name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def batch(order: Batch, store: Store, progress: Progress = lambda done, total, what: None) -> Tally:
    """Grade submissions.

    Args:
        order: What to grade.
        store: Where results go, each as soon as it is there.
        progress: Called with chapters done, chapters in all, and what is being done.

    Raises:
        UsageError: There is nothing to grade, or no such submission.
        UnjudgedError: The judge cannot be started; what was graded before is in the store.
    """
    if not 0 <= order.seed <= MAX_SEED:
        raise UsageError(f"--seed is {order.seed}, not 0 to {MAX_SEED}")
    if order.jobs < 1:
        raise UsageError(f"--jobs is {order.jobs}, not 1 or more")
    tally = Tally()
    handins, tally.ignored = find(order.submissions)
    there = {one.name for one in handins}
    if unknown := [name for name in order.only if name not in there]:
        raise UsageError(f"{order.submissions} holds no submission {unknown[0]!r}")
    if not order.only and order.shard == (1, 1):
        tally.gone = len(set(store.names()) - there)
    handins = [
        one
        for one in handins
        if in_shard(one.name, order.shard) and (not order.only or one.name in order.only)
    ]
    tally.submissions = len(handins)
    grading = _Grading(order, store, progress, tally)
    grading.survey(handins)
    grading.run()
    return tally


@dataclass
class _Piece:
    """One chapter of one submission, still to be graded."""

    handin: HandIn
    chapter: Chapter
    key: Key
    tries: int = 0
    records: dict[str, dict[str, Any]] = field(default_factory=dict)


class _Grading:
    """One command's work."""

    def __init__(self, order: Batch, store: Store, progress: Progress, tally: Tally) -> None:
        self._order, self._store, self._progress, self._tally = order, store, progress, tally
        self._suites = {c.name: suite_digest(order.root, order.course, c) for c in order.chapters}
        self._names = [c.name for c in order.chapters]
        self._take = taker(order.root, order.course)
        self._versions = versions()
        self._waiting: list[_Piece] = []
        self._flying: dict[str, _Piece] = {}
        self._tests: list[Test] = []
        self._total = self._done = 0
        self._last: tuple[HandIn, dict[str, Module]] | None = None

    def survey(self, handins: list[HandIn]) -> None:
        """Note what is there, and find what has no result yet."""
        claimed: set[Key] = set()
        with self._store.together():
            for handin in handins:
                modules = self._read(handin)
                for chapter in self._order.chapters:
                    module = modules[chapter.name]
                    key = self._key(module)
                    self._store.hand_in(handin.name, chapter.name, key)
                    self._tally.not_handed_in += not module.handed_in
                    done = not self._order.force and self._store.has(key)
                    if done or key in claimed:  # the same code handed in twice is graded once
                        self._tally.unchanged += 1
                    else:
                        claimed.add(key)
                        self._waiting.append(_Piece(handin, chapter, key))
        self._waiting.reverse()
        self._total = len(self._waiting)

    def _key(self, module: Module) -> Key:
        suite = self._suites[module.chapter]
        return Key(module.digest, suite, __version__, self._order.seed)

    def _read(self, handin: HandIn) -> dict[str, Module]:
        if self._last is None or self._last[0] != handin:
            self._last = handin, read(handin, self._names, self._take)
        return self._last[1]

    def run(self) -> None:
        """Until nothing waits; a judge that ends is started again."""
        while self._waiting:
            left = len(self._waiting)
            with (
                scratch.folder() as folder,
                Judge(self._order.root, self._names, self._order.seed) as judge,
            ):
                self._tests = judge.tests
                self._note_chapters()
                try:
                    self._serve(judge, folder)
                except UnjudgedError as error:
                    if not self._flying and len(self._waiting) == left:
                        raise
                    for piece in list(self._flying.values()):
                        self._lost(piece, str(error))
                    self._flying.clear()

    def _note_chapters(self) -> None:
        for place, chapter in enumerate(self._order.course.chapters):
            if chapter in self._order.chapters:
                empty = chapter_report(chapter, self._tests, {}, "not graded yet")
                self._store.note_chapter(place, self._suites[chapter.name], self._report(empty))

    def _serve(self, judge: Judge, folder: Path) -> None:
        self._progress(self._done, self._total, "")
        for job, record in judge.run(self._jobs(folder), self._order.jobs):
            piece = self._flying[job.name]
            if "done" not in record:
                piece.records[record["id"]] = record
                continue
            del self._flying[job.name]
            shutil.rmtree(job.subject, ignore_errors=True)
            if record["done"]:
                self._lost(piece, record["done"])
            else:
                self._keep(piece, chapter_report(piece.chapter, self._tests, piece.records))

    def _jobs(self, place: Path) -> Iterator[Job]:
        number = 0
        while self._waiting:
            piece = self._waiting.pop()
            name = piece.chapter.name
            module = self._read(piece.handin)[name]
            if (key := self._key(module)) != piece.key:  # changed since the survey
                piece.key = key
                self._store.hand_in(piece.handin.name, name, key)
            if module.data is None:
                self._keep(piece, self._unreadable(piece.chapter, module))
                continue
            number += 1
            folder = place / str(number)
            folder.mkdir()
            (folder / f"{name}.py").write_bytes(module.data)
            self._flying[folder.name] = piece
            yield Job(folder.name, folder, name)

    def _unreadable(self, chapter: Chapter, module: Module) -> ChapterReport:
        failed = {"verdict": FAILED, "message": module.why, "seconds": 0.0}
        records = {t.id: failed for t in self._tests if t.chapter == chapter.name}
        return chapter_report(chapter, self._tests, records, handed_in=module.handed_in)

    def _lost(self, piece: _Piece, why: str) -> None:
        """Our fault: try once more, then say so."""
        piece.tries += 1
        if piece.tries < MAX_TRIES:
            piece.records.clear()
            self._waiting.append(piece)
        else:
            self._keep(piece, chapter_report(piece.chapter, self._tests, piece.records, why))

    def _keep(self, piece: _Piece, chapter: ChapterReport) -> None:
        report = self._report(chapter)
        self._store.keep(piece.key, report)
        self._done += 1
        self._tally.graded += 1
        if worst(e.verdict for e in chapter.exercises) == UNJUDGED:
            why = next((t.message for t in report.tests if t.verdict == UNJUDGED), "no test ran")
            self._tally.unjudged[f"{shown(piece.handin.name)}, {chapter.name}"] = why
        self._progress(self._done, self._total, shown(piece.handin.name, 30))

    def _report(self, chapter: ChapterReport) -> Report:
        mode = ("judged", self._order.seed)
        return Report("", *mode, (chapter,), sandbox=layers(), versions=self._versions)
