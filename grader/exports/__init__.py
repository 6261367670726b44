"""Reports -> what gradebooks and CI systems read, a module a format.

Each module has `write(reports, out)`, which writes a file, or a folder with a file for each
submission, and returns what it left out: the submissions that have no score where the format
cannot say so. What a learner's code has said is bounded and cannot leave its place: no control
sequence, no markup, no formula, no command to a runner.
"""

from __future__ import annotations

import functools
import importlib
import os
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

from ..errors import UsageError
from ..names import file_name, plain, shown
from ..report import PASSED, VISIBLE_SHARE, ExerciseReport, Report, TestReport

FORMATS = {
    "json": "record",
    "junit": "junit",
    "gradescope": "gradescope",
    "github": "github",
    "csv": "table",
    "nbgrader": "gradebook",
}
MAX_WORDS = 4_000  # characters of one test's output


def export(name: str, reports: Iterable[Report], out: Path) -> list[str]:
    """Write reports in a format; returns the names of the submissions left out.

    Raises:
        UsageError: There is no such format, or it cannot be written there.
    """
    if name not in FORMATS:
        raise UsageError(f"--format is {name!r}; the formats are {', '.join(FORMATS)}")
    if not out.resolve().parent.is_dir():
        raise UsageError(f"{out}: the folder {out.resolve().parent} is not there")
    module = importlib.import_module(f".{FORMATS[name]}", __name__)
    try:
        left_out: list[str] = module.write(reports, out)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror})") from None
    return left_out


def write_each(
    reports: Iterable[Report], out: Path, suffix: str, render: Callable[[Report], str | None]
) -> list[str]:
    """A file for each report in a folder, or the one report in a file that ends with `suffix`.

    Args:
        reports: The reports.
        out: The folder or the file.
        suffix: What such a file's name ends with.
        render: A report's text; None leaves it out.

    Raises:
        UsageError: `out` is a file, and there is more than one report.
    """
    left_out: list[str] = []
    taken: set[str] = set()
    single = out.name.endswith(suffix) and not out.is_dir()
    for number, report in enumerate(reports):
        if single and number:
            raise UsageError(f"{out} is one file; name a folder, or one submission with --only")
        text = render(report)
        path = out if single else out / f"{file_name(report.subject, taken)}{suffix}"
        if text is None:
            path.unlink(missing_ok=True)  # an older score is none
            left_out.append(report.subject)
        else:
            put(path, text)
    return left_out


def put(path: Path, text: str) -> None:
    """Write one of many files: quickly, and not whole or not at all, as the command writes all.

    A file that is there is written over and then cut: some file systems take a hundred times as
    long for one that is emptied first.
    """
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags, 0o666)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, flags, 0o666)
    with open(handle, "wb", buffering=0) as file:
        left = memoryview(text.encode())
        while left:
            left = left[file.write(left) or 0 :]
        file.truncate()


def worth(exercise: ExerciseReport) -> list[tuple[TestReport, Fraction, Fraction]]:
    """Each test with its points and the most that it gives; the sums are the exercise's."""
    most = _most(exercise)
    none = Fraction(0)
    return [
        (t, most[t.visible] if t.verdict == PASSED else none, most[t.visible])
        for t in exercise.tests
    ]


def scores(exercise: ExerciseReport) -> list[tuple[TestReport, float, float]]:
    """The same, to six decimals."""
    most = {visible: round(float(points), 6) for visible, points in _most(exercise).items()}
    return [
        (t, most[t.visible] if t.verdict == PASSED else 0.0, most[t.visible])
        for t in exercise.tests
    ]


def _most(exercise: ExerciseReport) -> dict[bool, Fraction]:
    """The most that a visible and a hidden test gives."""
    count = Counter(t.visible for t in exercise.tests)
    most = {}
    for visible, alike in count.items():
        share = VISIBLE_SHARE if visible else 1 - VISIBLE_SHARE
        most[visible] = (share if len(count) == 2 else 1) * Fraction(exercise.max_points, alike)
    return most


def words(test: TestReport) -> str:
    """The sentence of a test and what came of it."""
    return _words(test.sentence, test.verdict, test.message)


@functools.lru_cache(maxsize=8192)  # a class says the same things again and again
def _words(sentence: str, verdict: str, message: str) -> str:
    text = sentence
    if verdict != PASSED:
        text += f"\n{verdict}: {message}" if message else f"\n{verdict}"
    return plain(text, MAX_WORDS)


def label(report: Report) -> str:
    """A submission's name, on one line."""
    return shown(report.subject)
