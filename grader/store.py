"""Results of a whole class in one SQLite file: killed at any moment, it loses what was in flight.

A result is a row keyed by (submission digest, suite digest, grader version, seed), so that only
what changed is graded again; a submission points to the rows of its chapters. A row is written as
soon as its chapter is judged. `application_id` is "KATA" and `user_version` the schema's number.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import UnjudgedError, UsageError
from .report import UNJUDGED, Report, from_dict, rounded, worst

SCHEMA = 1
APPLICATION = int.from_bytes(b"KATA", "big")

_TABLES = """
CREATE TABLE chapters (
    name TEXT PRIMARY KEY,
    place INTEGER NOT NULL,
    suite TEXT NOT NULL,
    report TEXT NOT NULL,   -- all of its tests, UNJUDGED: what a submission not graded yet has
    noted REAL NOT NULL
);
CREATE TABLE submissions (
    name BLOB NOT NULL,     -- text, or bytes where a file's name is no Unicode text
    chapter TEXT NOT NULL,
    submission TEXT NOT NULL,
    suite TEXT NOT NULL,
    grader TEXT NOT NULL,
    seed INTEGER NOT NULL,
    noted REAL NOT NULL,
    PRIMARY KEY (name, chapter)
);
CREATE TABLE results (
    submission TEXT NOT NULL,
    suite TEXT NOT NULL,
    grader TEXT NOT NULL,
    seed INTEGER NOT NULL,
    chapter TEXT NOT NULL,
    verdict TEXT NOT NULL,
    points REAL,            -- NULL: there is no score
    max_points INTEGER NOT NULL,
    report TEXT NOT NULL,   -- grader/report.schema.json, with this one chapter
    graded REAL NOT NULL,
    PRIMARY KEY (submission, suite, grader, seed)
);
"""
_KEY = "submission = ? AND suite = ? AND grader = ? AND seed = ?"


@dataclass(frozen=True)
class Key:
    """What a result depends on."""

    submission: str
    suite: str
    grader: str
    seed: int

    @property
    def values(self) -> tuple[str, str, str, int]:
        """In the order of the columns."""
        return self.submission, self.suite, self.grader, self.seed


class Store:
    """An open file of results; use as a context manager.

    Args:
        path: The file.
        create: Make it where it is not there.

    Raises:
        UsageError: It is not there, or is not a file of results that this grader reads.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        if not path.is_file() and (path.exists() or not create):
            raise UsageError(f"{path} is not there; `kata batch` makes it")
        if not path.resolve().parent.is_dir():
            raise UsageError(f"{path}: the folder {path.resolve().parent} is not there")
        try:
            self._base = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._open()
        except sqlite3.Error as error:
            raise UsageError(f"{path} cannot be read as a file of results: {error}") from None

    def _open(self) -> None:
        base = self._base
        (application,) = base.execute("PRAGMA application_id").fetchone()
        (schema,) = base.execute("PRAGMA user_version").fetchone()
        (tables,) = base.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application != APPLICATION:
            raise UsageError(f"{self.path} is a database of something else")
        if tables and schema != SCHEMA:
            raise UsageError(f"{self.path}: its schema is {schema}, this grader reads {SCHEMA}")
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        if not tables:
            with self.together():
                # Two commands may have come this far at once.
                if not base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    for statement in _TABLES.split(";\n")[:-1]:
                        base.execute(statement)
                    base.execute(f"PRAGMA application_id = {APPLICATION}")
                    base.execute(f"PRAGMA user_version = {SCHEMA}")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is written within is written whole or not at all."""
        self._write("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._write("COMMIT")

    def _write(self, statement: str, values: tuple[object, ...] = ()) -> None:
        try:
            self._base.execute(statement, values)
        except sqlite3.OperationalError as error:  # a full disk, a lock that nobody lets go
            raise UnjudgedError(f"{self.path} cannot be written: {error}") from None

    # What `kata batch` writes

    def note_chapter(self, place: int, suite: str, empty: Report) -> None:
        """Keep which tests a chapter has.

        Args:
            place: Its place in the course.
            suite: The digest of its suite.
            empty: A report of this chapter in which every test is UNJUDGED.
        """
        values = (empty.chapters[0].name, place, suite, _text(empty), time.time())
        self._write("INSERT OR REPLACE INTO chapters VALUES (?, ?, ?, ?, ?)", values)

    def hand_in(self, name: str, chapter: str, key: Key) -> None:
        """Keep what a submission's chapter points to."""
        self._write(
            "INSERT OR REPLACE INTO submissions VALUES (?, ?, ?, ?, ?, ?, ?)",
            (_stored(name), chapter, *key.values, time.time()),
        )

    def keep(self, key: Key, report: Report) -> None:
        """Keep one chapter's result."""
        (chapter,) = report.chapters
        self._write(
            "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *key.values,
                chapter.name,
                worst(e.verdict for e in chapter.exercises),
                rounded(report.exact_points),
                report.max_points,
                _text(report),
                time.time(),
            ),
        )

    def has(self, key: Key) -> bool:
        """Whether there is a result; one that is UNJUDGED is none."""
        found = self._base.execute(
            f"SELECT 1 FROM results WHERE {_KEY} AND verdict != ?",  # noqa: S608 - a constant
            (*key.values, UNJUDGED),
        )
        return found.fetchone() is not None

    # What exports read

    def chapters(self) -> list[str]:
        """The chapters, in the order of the course."""
        rows = self._base.execute("SELECT name FROM chapters ORDER BY place, name")
        return [name for (name,) in rows]

    def names(self) -> list[str]:
        """The submissions."""
        rows = self._base.execute("SELECT DISTINCT name FROM submissions")
        return sorted(_loaded(name) for (name,) in rows)

    def stale(self) -> int:
        """How many chapters of submissions were graded with another suite than the newest."""
        (count,) = self._base.execute(
            "SELECT count(*) FROM submissions s JOIN chapters c ON c.name = s.chapter "
            "WHERE s.suite != c.suite"
        ).fetchone()
        return int(count)

    def reports(
        self, chapters: Collection[str] | None = None, only: Collection[str] | None = None
    ) -> Iterator[Report]:
        """One report for each submission, by name, each with the same chapters.

        A chapter without a result is there too, and all of its tests are UNJUDGED.

        Args:
            chapters: Only these.
            only: Only the submissions of these names.

        Raises:
            UsageError: There is no such chapter or submission in the file.
        """
        wanted = self.chapters()
        if unknown := set(chapters or ()) - set(wanted):
            raise UsageError(f"{self.path} holds no results of {', '.join(sorted(unknown))}")
        wanted = [c for c in wanted if chapters is None or c in chapters]
        names = self.names()
        if unknown := set(only or ()) - set(names):
            raise UsageError(f"{self.path} holds no submission {', '.join(sorted(unknown))!r}")
        rows = self._base.execute("SELECT name, report FROM chapters")
        empty = {name: from_dict(json.loads(text)) for name, text in rows}
        for name in names:
            if only is None or name in only:
                found = self._found(name)
                parts = [found.get(c, empty[c]) for c in wanted]
                if parts:
                    yield _joined(name, parts)

    def _found(self, name: str) -> dict[str, Report]:
        rows = self._base.execute(
            "SELECT s.chapter, r.report FROM submissions s JOIN results r "
            "USING (submission, suite, grader, seed) WHERE s.name = ?",
            (_stored(name),),
        )
        return {chapter: from_dict(json.loads(text)) for chapter, text in rows}

    # Merging

    def merge(self, other: Store) -> None:
        """Take over another file's rows; where both have one, a judged one, then the newer."""
        with self.together():
            for row in other._base.execute("SELECT * FROM results"):
                self._write(
                    "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET verdict = excluded.verdict, "
                    "points = excluded.points, max_points = excluded.max_points, "
                    "report = excluded.report, graded = excluded.graded "
                    "WHERE (excluded.verdict != ?, excluded.graded) > "
                    "(results.verdict != ?, results.graded)",
                    (*row, UNJUDGED, UNJUDGED),
                )
            for table, columns in (("chapters", 5), ("submissions", 7)):
                marks = ", ".join("?" * columns)
                key = "name" if table == "chapters" else "name, chapter"
                names = [r[1] for r in self._base.execute(f"PRAGMA table_info({table})")]
                updates = ", ".join(f"{n} = excluded.{n}" for n in names)
                for row in other._base.execute(f"SELECT * FROM {table}"):  # noqa: S608 - constants
                    self._write(
                        f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT ({key}) "  # noqa: S608
                        f"DO UPDATE SET {updates} WHERE excluded.noted > {table}.noted",
                        row,
                    )


def merge(paths: Iterable[Path], into: Path) -> int:
    """Merge files of results into one; returns the number of its submissions.

    Raises:
        UsageError: One of them is not a file of results.
    """
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(Store(path)) for path in paths]
        store = stack.enter_context(Store(into, create=True))
        for other in others:
            store.merge(other)
        return len(store.names())


def _joined(name: str, parts: list[Report]) -> Report:
    first = parts[0]
    chapters = tuple(chapter for part in parts for chapter in part.chapters)
    return replace(first, subject=name, chapters=chapters)


def _text(report: Report) -> str:
    return json.dumps(report.to_dict(), ensure_ascii=True, separators=(",", ":"))


def _stored(name: str) -> str | bytes:
    try:
        name.encode()
    except UnicodeEncodeError:  # a file's name that is no UTF-8
        return os.fsencode(name)
    return name


def _loaded(name: str | bytes) -> str:
    return os.fsdecode(name) if isinstance(name, bytes) else name
