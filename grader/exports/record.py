"""JSON: the report itself, as `grader/report.schema.json` describes it.

A folder gets a file for each submission, a `.json` file the only one, a `.jsonl` file a line each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..files import write_text
from ..names import shown
from ..report import Report
from . import write_each


def write(reports: Iterable[Report], out: Path) -> list[str]:
    """Write reports; none is left out."""
    if out.name.endswith(".jsonl"):
        write_text(out.resolve(), "".join(f"{_line(report)}\n" for report in reports))
        return []
    if out.name.endswith(".json"):
        return write_each(reports, out, ".json", lambda report: _sound(report).to_json())
    return write_each(reports, out, ".json", lambda report: _line(report) + "\n")


def _line(report: Report) -> str:
    """Without indentation, which takes ten times as long."""
    return json.dumps(_sound(report).to_dict(), ensure_ascii=True)


def _sound(report: Report) -> Report:
    """The name as it is, unless it is no Unicode text, which other parsers refuse."""
    try:
        report.subject.encode()
    except UnicodeEncodeError:
        return replace(report, subject=shown(report.subject))
    return report
