"""A graded submission: Report <-> JSON (with a schema number), and points.

The denominator is fixed: every test of the suite counts, whether it ran or not. Of an exercise's
points, its visible tests carry a third and its hidden ones the rest. Where something is UNJUDGED,
there is no score, because the fault is ours.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

SCHEMA = 1
VISIBLE_SHARE = Fraction(1, 3)

PASSED, FAILED, SKIPPED, UNJUDGED = "PASSED", "FAILED", "SKIPPED", "UNJUDGED"


@dataclass(frozen=True)
class TestReport:
    """One test's verdict."""

    __test__ = False

    id: str
    visible: bool
    verdict: str
    sentence: str
    message: str
    seconds: float


@dataclass(frozen=True)
class ExerciseReport:
    """One exercise's tests and points."""

    name: str
    max_points: int
    tests: tuple[TestReport, ...]

    @functools.cached_property
    def exact_points(self) -> Fraction | None:
        """Points as a fraction; None where something is UNJUDGED or nothing ran."""
        if not self.tests or any(t.verdict == UNJUDGED for t in self.tests):
            return None
        seen = [t.verdict == PASSED for t in self.tests if t.visible]
        hidden = [t.verdict == PASSED for t in self.tests if not t.visible]
        return _points(self.max_points, sum(seen), len(seen), sum(hidden), len(hidden))

    @property
    def verdict(self) -> str:
        """PASSED if all are; else UNJUDGED, FAILED, SKIPPED, whichever is there first."""
        return worst([t.verdict for t in self.tests])


@dataclass(frozen=True)
class ChapterReport:
    """One chapter's exercises."""

    name: str
    title: str
    handed_in: bool
    exercises: tuple[ExerciseReport, ...]

    @property
    def max_points(self) -> int:
        """Points that the chapter can give."""
        return sum(e.max_points for e in self.exercises)

    @functools.cached_property
    def exact_points(self) -> Fraction | None:
        """Points as a fraction; None where an exercise has none."""
        return _sum(e.exact_points for e in self.exercises)


@dataclass(frozen=True)
class Report:
    """One graded submission."""

    subject: str
    mode: str
    seed: int
    chapters: tuple[ChapterReport, ...]
    sandbox: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def max_points(self) -> int:
        """Points that the submission can get."""
        return sum(c.max_points for c in self.chapters)

    @functools.cached_property
    def exact_points(self) -> Fraction | None:
        """Points as a fraction; None where there is no score."""
        return _sum(c.exact_points for c in self.chapters)

    @property
    def tests(self) -> list[TestReport]:
        """Every test."""
        return [t for c in self.chapters for e in c.exercises for t in e.tests]

    @property
    def exit_code(self) -> int:
        """0 all passed, 1 something failed, 3 something is UNJUDGED or nothing ran."""
        verdicts = [e.verdict for c in self.chapters for e in c.exercises]
        return {PASSED: 0, UNJUDGED: 3}.get(worst(verdicts), 1)

    def to_dict(self) -> dict[str, Any]:
        """The report as `report.schema.json` describes it."""
        return {
            "schema": SCHEMA,
            "subject": self.subject,
            "mode": self.mode,
            "seed": self.seed,
            "points": rounded(self.exact_points),
            "max_points": self.max_points,
            "sandbox": list(self.sandbox),
            "versions": dict(self.versions),
            "chapters": [_chapter_dict(c) for c in self.chapters],
        }

    def to_json(self) -> str:
        """The report as JSON text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=True) + "\n"


def worst(verdicts: Iterable[str]) -> str:
    """One verdict for several; none at all is UNJUDGED."""
    found = set(verdicts)
    return next((v for v in (UNJUDGED, FAILED, SKIPPED, PASSED) if v in found), UNJUDGED)


def rounded(points: Fraction | None) -> float | None:
    """Points to two decimals."""
    return None if points is None else float(round(points, 2))


@functools.lru_cache(maxsize=8192)  # a class has the same few again and again
def _points(most: int, seen: int, of_seen: int, hidden: int, of_hidden: int) -> Fraction:
    """Points for so many passed tests, visible and hidden ones."""
    if not of_seen:
        return most * Fraction(hidden, of_hidden)
    if not of_hidden:
        return most * Fraction(seen, of_seen)
    share = VISIBLE_SHARE * Fraction(seen, of_seen)
    return most * (share + (1 - VISIBLE_SHARE) * Fraction(hidden, of_hidden))


def _sum(points: Iterable[Fraction | None]) -> Fraction | None:
    total = Fraction(0)
    for value in points:
        if value is None:
            return None
        total += value
    return total


def _chapter_dict(chapter: ChapterReport) -> dict[str, Any]:
    return {
        "name": chapter.name,
        "title": chapter.title,
        "handed_in": chapter.handed_in,
        "points": rounded(chapter.exact_points),
        "max_points": chapter.max_points,
        "exercises": [
            {
                "name": e.name,
                "points": rounded(e.exact_points),
                "max_points": e.max_points,
                "verdict": e.verdict,
                "tests": [
                    {
                        "id": t.id,
                        "kind": "visible" if t.visible else "hidden",
                        "verdict": t.verdict,
                        "sentence": t.sentence,
                        "message": t.message,
                        "seconds": t.seconds,
                    }
                    for t in e.tests
                ],
            }
            for e in chapter.exercises
        ],
    }


def from_dict(data: dict[str, Any]) -> Report:
    """The report that `to_dict` wrote.

    Raises:
        ValueError: Its schema is another one.
    """
    if data.get("schema") != SCHEMA:
        raise ValueError(f"the report's schema is {data.get('schema')!r}, not {SCHEMA}")
    return Report(
        subject=data["subject"],
        mode=data["mode"],
        seed=data["seed"],
        sandbox=tuple(data["sandbox"]),
        versions=data["versions"],
        chapters=tuple(
            ChapterReport(
                name=c["name"],
                title=c["title"],
                handed_in=c["handed_in"],
                exercises=tuple(
                    ExerciseReport(
                        name=e["name"],
                        max_points=e["max_points"],
                        tests=tuple(
                            TestReport(
                                id=t["id"],
                                visible=t["kind"] == "visible",
                                verdict=t["verdict"],
                                sentence=t["sentence"],
                                message=t["message"],
                                seconds=t["seconds"],
                            )
                            for t in e["tests"]
                        ),
                    )
                    for e in c["exercises"]
                ),
            )
            for c in data["chapters"]
        ),
    )
