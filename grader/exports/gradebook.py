"""nbgrader's gradebook.db, through nbgrader's own models: an assignment a chapter.

A gradebook that is there is brought up to date, whole or not at all; what a human graded stays.
A chapter that is UNJUDGED gets no score and waits for a grade; one that was not handed in gets no
submission, unless an older one is there, which nbgrader counts as nothing handed in.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..files import replacing
from ..names import shown
from ..notebooks.making import COURSE, test_name
from ..report import ChapterReport, Report


def write(reports: Iterable[Report], out: Path) -> list[str]:
    """Write scores into a gradebook; names the submissions that have a chapter without a score.

    Raises:
        UsageError: nbgrader is not installed, or `out` is no gradebook.
    """
    try:
        from nbgrader.api import Gradebook
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:
        raise UsageError("this needs nbgrader: pip install 'llm-kata[nbgrader]'") from None
    if out.is_dir():
        raise UsageError(f"{out} is a folder; name the file, such as gradebook.db")
    out = out.resolve()
    with replacing(out) as draft:
        if out.exists():
            shutil.copyfile(out, draft)
        try:
            with _programs(), Gradebook(f"sqlite:///{draft}", COURSE) as gradebook:
                return _Filling(gradebook).fill(reports)
        except SQLAlchemyError as error:
            words = str(error).splitlines()[0]
            raise UsageError(f"{out} is no gradebook that can be written: {words}") from None


@contextmanager
def _programs() -> Iterator[None]:
    """With this Python's programs on the path: nbgrader asks `alembic` for the schema's version."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _student(name: str) -> str:
    """A learner's id: the name of the submission, and for an odd name one of its own."""
    if name and name.isprintable():
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{shown(name, 100)}-{digest}"


@dataclass
class _Assignment:
    """A chapter in the gradebook: the ids of its notebooks and of what is graded in them."""

    id: str
    notebook: str
    notebooks: dict[str, tuple[list[str], list[str]]]  # by id: cells with grades, with comments
    cells: dict[str, str]  # by exercise


class _Filling:
    """One open gradebook; rows are gathered, and written together."""

    def __init__(self, gradebook: Any) -> None:
        from nbgrader.api import Grade, Student, SubmittedAssignment, SubmittedNotebook

        self._gradebook, self._db = gradebook, gradebook.db
        self._assignments: dict[str, _Assignment] = {}
        self._students = {row.id for row in self._rows(Student.id)}
        self._submissions = {
            (row.student_id, row.assignment_id): row.id
            for row in self._rows(
                SubmittedAssignment.id,
                SubmittedAssignment.student_id,
                SubmittedAssignment.assignment_id,
            )
        }
        self._notebooks = {
            (row.assignment_id, row.notebook_id): row.id
            for row in self._rows(
                SubmittedNotebook.id,
                SubmittedNotebook.assignment_id,
                SubmittedNotebook.notebook_id,
            )
        }
        self._grades = {
            (row.notebook_id, row.cell_id): (row.id, row.manual_score is not None)
            for row in self._rows(Grade.id, Grade.notebook_id, Grade.cell_id, Grade.manual_score)
        }
        self._new: dict[str, list[dict[str, Any]]] = {}
        self._changed: list[dict[str, Any]] = []

    def _rows(self, *columns: Any) -> Any:
        return self._db.query(*columns)

    def fill(self, reports: Iterable[Report]) -> list[str]:
        """Write all; names the submissions that have a chapter without a score."""
        left_out = []
        for report in reports:
            student = _student(report.subject)
            if student not in self._students:
                self._students.add(student)
                self._add("Student", id=student)
            for chapter in report.chapters:
                self._chapter(student, chapter)
            if report.exact_points is None:
                left_out.append(report.subject)
        self._write()
        return left_out

    def _chapter(self, student: str, chapter: ChapterReport) -> None:
        if chapter.name not in self._assignments:
            self._assignments[chapter.name] = self._assignment(chapter)
        place = self._assignments[chapter.name]
        submission = self._submissions.get((student, place.id))
        if submission is None:
            if not chapter.handed_in:
                return
            submission = self._submission(student, place)
        notebook = self._notebooks.get((submission, place.notebook))
        if notebook is None:
            notebook = self._notebook(submission, place.notebook, place)
        scored = chapter.exact_points is not None
        for exercise in chapter.exercises:
            cell, points = place.cells[exercise.name], exercise.exact_points
            grade, by_hand = self._grades.get((notebook, cell), ("", False))
            values = {
                "auto_score": float(points) if scored and points is not None else None,
                "needs_manual_grade": not scored or by_hand,
            }
            if grade:
                self._changed.append({"id": grade, **values})
            else:
                self._add("Grade", notebook_id=notebook, cell_id=cell, **values)

    def _assignment(self, chapter: ChapterReport) -> _Assignment:
        """The chapter's assignment, its notebook and its graded cells, made where they are missing.

        What nbgrader's generate_assignment has saved stays as it is.
        """
        from nbgrader.api import MissingEntry

        book, name = self._gradebook, chapter.name
        assignment = book.update_or_create_assignment(name)
        try:
            notebook = book.find_notebook(name, name)
        except MissingEntry:
            notebook = book.add_notebook(name, name)
        cells = {
            exercise.name: book.update_or_create_grade_cell(
                test_name(exercise.name),
                name,
                name,
                max_score=exercise.max_points,
                cell_type="code",
            ).id
            for exercise in chapter.exercises
        }
        notebooks = {
            one.id: (
                [cell.id for cell in (*one.grade_cells, *one.task_cells)],
                [cell.id for cell in (*one.solution_cells, *one.task_cells)],
            )
            for one in assignment.notebooks
        }
        return _Assignment(assignment.id, notebook.id, notebooks, cells)

    def _submission(self, student: str, place: _Assignment) -> str:
        """A submission of a chapter, with every notebook of its assignment in it."""
        made = self._add("SubmittedAssignment", assignment_id=place.id, student_id=student)
        self._submissions[student, place.id] = made
        for notebook in place.notebooks:
            self._notebook(made, notebook, place)
        return made

    def _notebook(self, submission: str, notebook: str, place: _Assignment) -> str:
        """A notebook of a submission, with all that nbgrader expects in it."""
        made = self._add("SubmittedNotebook", assignment_id=submission, notebook_id=notebook)
        self._notebooks[submission, notebook] = made
        graded, commented = place.notebooks[notebook]
        for cell in set(graded) - set(place.cells.values()):
            self._add("Grade", notebook_id=made, cell_id=cell)
        for cell in commented:
            self._add("Comment", notebook_id=made, cell_id=cell)
        return made

    def _add(self, model: str, **values: Any) -> str:
        from nbgrader.api import new_uuid

        row = {"id": new_uuid(), **values}
        self._new.setdefault(model, []).append(row)
        return str(row["id"])

    def _write(self) -> None:
        from nbgrader import api

        for model in ("Student", "SubmittedAssignment", "SubmittedNotebook", "Grade", "Comment"):
            alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
            for row in self._new.get(model, []):
                alike.setdefault(tuple(row), []).append(row)
            for rows in alike.values():
                self._db.bulk_insert_mappings(getattr(api, model), rows)
        self._db.bulk_update_mappings(api.Grade, self._changed)
        self._db.commit()
