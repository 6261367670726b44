"""GitHub: a job summary, annotations, and the result that Classroom's reporter reads.

A runner obeys lines that begin with `::`, and a Markdown page shows what markup says; so of what a
learner's code has said nothing is printed raw. The reporter takes `NAME.classroom.json` in base64
from the variable `<RUNNER>_RESULTS`.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..files import write_text
from ..names import file_name, one_line, plain, shown
from ..report import PASSED, UNJUDGED, ChapterReport, ExerciseReport, Report, TestReport, rounded
from . import label, put, scores, words

MAX_SUMMARY = 900 << 10  # bytes; GitHub drops a summary over 1 MiB
MAX_ANNOTATIONS = 10  # GitHub shows ten errors of a step
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_PLACE = re.compile(r"^  at (\w+)\.py:(\d{1,6}), in ", re.MULTILINE)


def write(reports: Iterable[Report], out: Path) -> list[str]:
    """Write a folder: the class's summary.md, and three files for each submission."""
    rows: list[str] = []
    taken: set[str] = set()
    for report in reports:
        name = file_name(report.subject, taken)
        put(out / f"{name}.summary.md", summary(report))
        put(out / f"{name}.annotations.txt", commands(report))
        put(out / f"{name}.classroom.json", classroom(report))
        points = [rounded(c.exact_points) for c in report.chapters]
        cells = [_score(p, c.max_points) for p, c in zip(points, report.chapters, strict=True)]
        total = _score(rounded(report.exact_points), report.max_points)
        head = ["submission", *(c.name for c in report.chapters), "points"]
        rows = rows or [_row(head), _row(["---", *["---:"] * (len(head) - 1)], raw=True)]
        rows.append(_row([label(report), *cells, total]))
    write_text(out.resolve() / "summary.md", _bounded("# Results\n\n", rows))
    return []


def _row(cells: Iterable[str], *, raw: bool = False) -> str:
    return "| " + " | ".join(c if raw else escape(c) for c in cells) + " |\n"


def _score(points: float | None, most: int) -> str:
    return "no score" if points is None else f"{points:g}/{most}"


@functools.lru_cache(maxsize=8192)
def escape(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    return _PUNCTUATION.sub(r"\\\1", shown(text, 500))


def _bounded(head: str, pieces: Iterable[str]) -> str:
    kept, size, left = [head], len(head.encode()), 0
    for piece in pieces:
        size += len(piece.encode())
        if left or size > MAX_SUMMARY:
            left += 1
        else:
            kept.append(piece)
    return "".join(kept) + (f"\n{left} more are left out: the page is full.\n" if left else "")


def summary(report: Report) -> str:
    """A job summary: exercises with their points, then what does not pass."""
    total = _score(rounded(report.exact_points), report.max_points)
    head = f"# {escape(report.subject)}: {escape(total)} points\n\n"
    head += "| exercise | visible | hidden | points |\n|---|---:|---:|---:|\n"
    pieces = []
    for chapter in report.chapters:
        if not chapter.handed_in:
            head += f"| {escape(chapter.name)} (not handed in) | | | |\n"
        for exercise in chapter.exercises:
            points = _score(rounded(exercise.exact_points), exercise.max_points)
            counts = [_count(exercise, visible=visible) for visible in (True, False)]
            head += _row([f"{chapter.name}.{exercise.name}", *counts, points])
            if chapter.handed_in:
                pieces += [
                    _detail(f"{chapter.name}.{exercise.name}", t)
                    for t in exercise.tests
                    if t.verdict != PASSED
                ]
    return _bounded(head, pieces)


def _count(exercise: ExerciseReport, *, visible: bool) -> str:
    tests = [t for t in exercise.tests if t.visible is visible]
    return f"{sum(t.verdict == PASSED for t in tests)}/{len(tests)}"


def _detail(exercise: str, test: TestReport) -> str:
    message = plain(test.message, 4_000)
    longest = max(map(len, re.findall("`+", message)), default=0) if "`" in message else 0
    fence = "`" * max(3, 1 + longest)
    head = f"\n**{test.verdict}** {escape(exercise)}: {escape(test.sentence)}\n"
    return f"{head}\n{fence}text\n{message}\n{fence}\n" if message else head


def commands(report: Report) -> str:
    """Workflow commands, one a line, for the tests that do not pass."""
    failed = [
        (chapter, exercise, test)
        for chapter in report.chapters
        for exercise in chapter.exercises
        for test in exercise.tests
        if test.verdict != PASSED
    ]
    lines = [_command(*one) for one in failed[:MAX_ANNOTATIONS]]
    if (left := len(failed) - MAX_ANNOTATIONS) > 0:
        lines.append(f"::notice::{left} more are in the job summary\n")
    return "".join(lines)


def _command(chapter: ChapterReport, exercise: ExerciseReport, test: TestReport) -> str:
    places = [n for c, n in _PLACE.findall(test.message) if c == chapter.name]
    facts = {
        "file": f"exercises/{chapter.name}.py",
        **({"line": places[-1]} if places else {}),
        "title": f"{chapter.name}.{exercise.name}",
    }
    kind = "warning" if test.verdict == UNJUDGED else "error"
    options = ",".join(f"{k}={_property(v)}" for k, v in facts.items())
    return f"::{kind} {options}::{_data(inert(words(test)))}\n"


@functools.lru_cache(maxsize=8192)
def _printed(text: str) -> str:
    return inert(one_line(text, 2_000))


def inert(line: str) -> str:
    """A line without the runner's older commands, which it obeys anywhere in a line."""
    return line.replace("##[", "## [")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def classroom(report: Report) -> str:
    """What GitHub Classroom's autograding reporter reads; without a score, nothing to add up."""
    judged = report.exact_points is not None
    tests: list[dict[str, Any]] = []
    for chapter in report.chapters:
        for exercise in chapter.exercises:
            for test, points, most in scores(exercise):
                passed = test.verdict == PASSED
                tests.append(
                    {
                        "name": f"{chapter.name}.{exercise.name}: {test.id}",
                        "status": "pass" if passed else "fail" if judged else "error",
                        "score": points if judged else 0,
                        "max_score": most if judged else 0,
                        # The reporter prints it, and the runner reads what is printed.
                        "message": "" if passed else _printed(words(test)),
                        "line_no": 0,
                        "filename": f"exercises/{chapter.name}.py",
                        "execution_time": f"{test.seconds:.3f}s",
                    }
                )
    passed = bool(tests) and all(t["status"] == "pass" for t in tests)
    data = {
        "version": 1,
        "status": "pass" if passed else "fail" if judged else "error",
        "max_score": report.max_points if judged else 0,
        "tests": tests,
    }
    return json.dumps(data, ensure_ascii=True) + "\n"
