"""Gradescope's results.json: points, visibility and output of each test.

Visible tests are shown at once, hidden ones when the grades are published. A submission that is
UNJUDGED gets no file: the format has no way to say that there is no score.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..report import PASSED, Report, rounded
from . import scores, words, write_each

HIDDEN = "after_published"


def write(reports: Iterable[Report], out: Path) -> list[str]:
    """Write a `.json` file with the only report, or a folder with a file for each."""
    return write_each(reports, out, ".json", render)


def render(report: Report) -> str | None:
    """One results.json; None where there is no score."""
    score = rounded(report.exact_points)
    if score is None:
        return None
    tests: list[dict[str, Any]] = []
    for chapter in report.chapters:
        for exercise in chapter.exercises:
            for number, (test, points, most) in enumerate(scores(exercise), 1):
                tests.append(
                    {
                        "name": f"{chapter.name}.{exercise.name}: {test.id}",
                        "name_format": "text",
                        "number": f"{len(tests) + 1}",
                        "score": points,
                        "max_score": most,
                        "status": "passed" if test.verdict == PASSED else "failed",
                        "output": words(test),
                        "output_format": "text",
                        "tags": [chapter.name, exercise.name],
                        "visibility": "visible" if test.visible else HIDDEN,
                        "extra_data": {"verdict": test.verdict, "number_in_exercise": number},
                    }
                )
    missing = [c.name for c in report.chapters if not c.handed_in]
    output = f"{score:g} of {report.max_points} points, seed {report.seed}."
    if missing:
        output += f"\nNot handed in: {', '.join(missing)}."
    data = {
        "score": score,
        "execution_time": round(sum(t.seconds for t in report.tests)),
        "output": output,
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"versions": report.versions, "sandbox": list(report.sandbox)},
        "tests": tests,
    }
    return json.dumps(data, ensure_ascii=True) + "\n"
