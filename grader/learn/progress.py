"""What the learner has done, kept in `.kata/progress.json` beside the exercises.

For each exercise the verdict of its last run and a digest of the chapter it was on, so that
`kata status` and `kata diff` answer at once and know when the code has changed since.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ..files import write_text
from ..release import unwritten
from ..report import PASSED, Report

SCHEMA = 1


def _file(root: Path) -> Path:
    return root / ".kata" / "progress.json"


def _read(root: Path) -> dict[str, dict[str, object]]:
    try:
        data = json.loads(_file(root).read_text(encoding="utf-8"))
        return data["exercises"] if data["schema"] == SCHEMA else {}
    except (OSError, ValueError, KeyError, TypeError):  # lost progress is found by the next check
        return {}


def digest(subject: Path, chapter: str) -> str:
    """A digest of one chapter's text; empty where it cannot be read."""
    try:
        return hashlib.sha256((subject / f"{chapter}.py").read_bytes()).hexdigest()
    except OSError:
        return ""


def record(root: Path, subject: Path, report: Report) -> None:
    """Keep the verdicts of a report, if it is about the learner's own exercises."""
    if subject.resolve() != (root / "exercises").resolve():
        return
    kept = _read(root)
    for chapter in report.chapters:
        text = digest(subject, chapter.name)
        for exercise in chapter.exercises:
            old = kept.get(f"{chapter.name}.{exercise.name}", {})
            graded = any(not t.visible for t in exercise.tests)
            if not graded and old.get("graded") and old.get("digest") == text:
                continue  # a check says less than the grading that is already there
            kept[f"{chapter.name}.{exercise.name}"] = {
                "digest": text,
                "verdict": exercise.verdict,
                "graded": graded,
            }
    write_text(_file(root), json.dumps({"schema": SCHEMA, "exercises": kept}, indent=1) + "\n")


def standing(root: Path, subject: Path, chapter: str, exercise: str) -> str:
    """Where an exercise stands: "missing", "open", "not checked", "failed" or "done"."""
    try:
        text = (subject / f"{chapter}.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "missing"
    name = f"{chapter}.{exercise}"
    if any(stub == name or stub.startswith(f"{name}.") for stub in unwritten(text)):
        return "open"
    kept = _read(root).get(name)
    if kept is None or kept.get("digest") != digest(subject, chapter):
        return "not checked"
    return "done" if kept.get("verdict") == PASSED else "failed"
