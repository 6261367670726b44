"""nbgrader's gradebook.db, through nbgrader's own models: an assignment a chapter.

A gradebook that is there is brought up to date, whole or not at all; what a human graded stays.
A chapter that is UNJUDGED gets no score and waits for a grade; one that was not handed in gets no
submission, unless an older one is there, which nbgrader counts as nothing handed in.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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


class _Filling:
    """One open gradebook."""

    def __init__(self, gradebook: Any) -> None:
        self._gradebook, self._db = gradebook, gradebook.db
        self._cells: dict[str, dict[str, Any]] = {}

    def fill(self, reports: Iterable[Report]) -> list[str]:
        """Write all; names the submissions that have a chapter without a score."""
        from nbgrader.api import Student, SubmittedNotebook

        left_out = []
        students = {one.id: one for one in self._db.query(Student)}
        there = {
            (one.assignment.student_id, one.notebook_id): one
            for one in self._db.query(SubmittedNotebook)
        }
        with self._db.no_autoflush:
            for report in reports:
                name = shown(report.subject)
                student = students.get(name)
                if student is None:
                    student = students[name] = Student(id=name)
                    self._db.add(student)
                for chapter in report.chapters:
                    self._chapter(student, chapter, there)
                if report.exact_points is None:
                    left_out.append(report.subject)
            self._db.commit()
        return left_out

    def _chapter(self, student: Any, chapter: ChapterReport, there: dict[Any, Any]) -> None:
        if chapter.name not in self._cells:
            self._cells[chapter.name] = self._assignment(chapter)
        cells = self._cells[chapter.name]
        notebook = cells[""]
        submitted = there.get((student.id, notebook.id))
        if submitted is None:
            if not chapter.handed_in:
                return
            submitted = self._submission(student, notebook)
            there[student.id, notebook.id] = submitted
        grades = {grade.cell_id: grade for grade in submitted.grades}
        scored = chapter.exact_points is not None
        for exercise in chapter.exercises:
            cell = cells[exercise.name]
            grade = grades.get(cell.id)
            if grade is None:
                from nbgrader.api import Grade

                grade = Grade(cell_id=cell.id)
                submitted.grades.append(grade)
            points = exercise.exact_points
            grade.auto_score = float(points) if scored and points is not None else None
            grade.needs_manual_grade = not scored or grade.manual_score is not None

    def _assignment(self, chapter: ChapterReport) -> dict[str, Any]:
        """The chapter's notebook and its graded cells, by exercise, made where they are not there.

        What nbgrader's generate_assignment has saved stays as it is.
        """
        from nbgrader.api import MissingEntry

        book, name = self._gradebook, chapter.name
        book.update_or_create_assignment(name)
        try:
            notebook = book.find_notebook(name, name)
        except MissingEntry:
            notebook = book.add_notebook(name, name)
        cells: dict[str, Any] = {"": notebook}
        for exercise in chapter.exercises:
            cells[exercise.name] = book.update_or_create_grade_cell(
                test_name(exercise.name),
                name,
                name,
                max_score=exercise.max_points,
                cell_type="code",
            )
        return cells

    def _submission(self, student: Any, notebook: Any) -> Any:
        """A submission of a chapter with all that nbgrader expects in it."""
        from nbgrader.api import Comment, Grade, SubmittedAssignment, SubmittedNotebook

        assignment = SubmittedAssignment(assignment=notebook.assignment, student=student)
        made = []
        for one in notebook.assignment.notebooks:
            submitted = SubmittedNotebook(notebook=one, assignment=assignment)
            submitted.grades = [
                Grade(cell_id=cell.id) for cell in (*one.grade_cells, *one.task_cells)
            ]
            submitted.comments = [
                Comment(cell_id=cell.id) for cell in (*one.solution_cells, *one.task_cells)
            ]
            made.append(submitted)
        self._db.add(assignment)
        return next(one for one in made if one.notebook is notebook)
