"""CSV for spreadsheets and the import of learning platforms: a row a submission.

A cell that a spreadsheet would take for a formula gets an apostrophe in front. Points are empty
where there is no score, which is not 0.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from ..files import write_text
from ..report import Report, rounded, worst
from . import label

_FORMULA = tuple("=+-@\t\r＝＋－＠")  # noqa: RUF001 - the wide ones count too in some locales
_MARK = "\ufeff"  # spreadsheets read UTF-8 only with it


def write(reports: Iterable[Report], out: Path) -> list[str]:
    """Write one file; no submission is left out."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    for number, report in enumerate(reports):
        if number == 0:
            rows.writerow(_head(report))
        rows.writerow(_row(report))
    write_text(out.resolve(), _MARK + text.getvalue())
    return []


def defuse(text: str) -> str:
    """A cell that no spreadsheet calculates."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _head(report: Report) -> list[str]:
    chapters = [f"{c.name} (of {c.max_points})" for c in report.chapters]
    exercises = [
        f"{c.name}.{e.name} (of {e.max_points})" for c in report.chapters for e in c.exercises
    ]
    whole = ["submission", f"points (of {report.max_points})", "max_points", "verdict", "seed"]
    return [*whole, "not handed in", *chapters, *exercises]


def _row(report: Report) -> list[str]:
    missing = " ".join(c.name for c in report.chapters if not c.handed_in)
    exercises = [e for c in report.chapters for e in c.exercises]
    return [
        defuse(label(report)),
        _points(report.exact_points),
        str(report.max_points),
        worst(e.verdict for e in exercises),
        str(report.seed),
        missing,
        *(_points(c.exact_points) for c in report.chapters),
        *(_points(e.exact_points) for e in exercises),
    ]


def _points(points: Fraction | None) -> str:
    value = rounded(points)
    return "" if value is None else f"{value:g}"
