"""What nbgrader's own commands call, as `nbgrader_config.py` tells them to.

- `generate_assignment`: `NamedStubs` leaves stubs that name their exercise.
- `autograde`: `Received` reads what was handed in as data, and makes a notebook of the released one
  with the learner's code in it, so that nothing else of the learner's notebook goes on: no output,
  no metadata, no text that a page would render. `Judged` has the judge grade the chapter that is in
  it, in the sandbox; no cell is executed here. `JudgedScores` writes the points.
- `export`: `Grades` leaves a score that is not there empty, where nbgrader would write 0.

A chapter that is UNJUDGED has no score, and nbgrader counts it as failed: the same command tries
again what has failed.
"""

from __future__ import annotations

import atexit
import copy
import csv
import datetime
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import v4
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins.export import CsvExportPlugin
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearSolutions,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from traitlets import Integer, Unicode

from ..course import Chapter, Course, load_course
from ..errors import KataError, SubjectMissing, UnjudgedError
from ..exports.table import defuse
from ..files import replacing
from ..grading import chapter_report
from ..judge import Job, Judge
from ..release import BEGIN
from ..report import FAILED, UNJUDGED, ChapterReport, worst
from ..subject import read_regular
from .cells import solution_pieces, stub_cell
from .kernel import told
from .making import source_notebook, test_name
from .reading import MAX_NOTEBOOK, Cell, cells_of, chapter_in

MARK = "llm_kata"  # of the notebooks that `Received` makes: metadata of ours
MAX_TRIES = 2
TIMESTAMP, MAX_TIMESTAMP = "timestamp.txt", 200  # its bytes


def configure(c: Any, root: str, seed: int = 0) -> None:
    """Set what makes nbgrader's commands ours.

    Args:
        c: The configuration object of nbgrader_config.py.
        root: The checkout with exercises/, solutions/ and tests/.
        seed: The grading seed.
    """
    stock = GenerateAssignment.preprocessors.default_args[0]
    ours = [NamedStubs if one is ClearSolutions else one for one in stock]
    c.GenerateAssignment.preprocessors = ours
    c.Autograde.exporter_class = Received
    c.Autograde.sanitize_preprocessors = [CheckCellMetadata]
    c.Autograde.autograde_preprocessors = [
        Judged,
        JudgedScores,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    c.ExportApp.plugin_class = Grades
    for part in (c.NamedStubs, c.Received, c.Judged):
        part.root = root
    c.Judged.seed = seed


def _course(root: str) -> Course:
    return load_course(Path(root) / "exercises" / "course.toml")


def _chapter(root: str, notebook: str) -> Chapter | None:
    """The chapter whose notebook has this name."""
    return next((c for c in _course(root).chapters if c.name == notebook), None)


class NamedStubs(ClearSolutions):
    """Solutions become stubs that raise NotImplementedError with their own name."""

    root = Unicode(help="the checkout of the course").tag(config=True)

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Make the stub of one of our cells; others are cleared as nbgrader does."""
        notebook = resources["nbgrader"]["notebook"]
        ours = utils.is_solution(cell) and cell.cell_type == "code" and BEGIN in cell.source
        if ours and _chapter(self.root, notebook):
            cell.source = stub_cell(cell.source, notebook)
            return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)


# Submissions


class Folders(CourseDirectory):
    """The course's folders, where those of submissions are a stranger's.

    Files beside a notebook are not graded, and may be links; none is copied.
    """

    def get_existing_timestamp(self, dest_path: str) -> datetime.datetime | None:
        """When something was handed in; a file that does not say so is none."""
        try:
            text = read_regular(Path(dest_path) / TIMESTAMP, MAX_TIMESTAMP).decode()
            found: datetime.datetime | None = utils.parse_utc(text.strip())
        except Exception:  # noqa: BLE001 - a stranger's text may make the parser raise anything
            return None
        return found


def _converter(exporter: Any) -> Any:
    """Nbgrader's command, which an exporter belongs to."""
    return exporter.parent


class Received(NotebookExporter):
    """Reads a submission as data, and hands on a notebook of ours with the learner's code."""

    root = Unicode(help="the checkout of the course").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        course = copy.copy(_converter(self).coursedir)  # other commands may share it
        course.__class__ = Folders
        course.ignore = ["*"]
        _converter(self).coursedir = course

    def from_filename(
        self, filename: str, resources: Any = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The notebook that goes on, after the preprocessors."""
        marks = resources["nbgrader"]
        chapter = _chapter(self.root, marks["notebook"])
        if not self._received(filename, marks):
            return super().from_filename(filename, resources, **kw)
        if chapter is None:
            raise KataError(f"{marks['notebook']} is no chapter; name its notebook after one")
        released = self._released(marks, chapter)
        handed_in, why = list[Cell](), ""
        try:
            _refuse_links(Path(filename))
            data = read_regular(Path(filename), MAX_NOTEBOOK)
            handed_in = cells_of(data, os.path.basename(filename))
        except SubjectMissing as error:
            why = str(error)
            self.log.warning("%s: %s", marks["student"], why)
        taken = chapter_in(handed_in, chapter, solution_pieces(Path(self.root), chapter))
        notebook = filled(released, handed_in, chapter, taken.notes)
        notebook.metadata[MARK] = {"module": taken.text, "why": why}
        resources["metadata"] = {
            "name": chapter.name,
            "path": os.path.dirname(filename),
            "modified_date": datetime.datetime.now(tz=datetime.UTC).strftime("%Y-%m-%d"),
        }
        self._keep_timestamp(filename, marks)
        return self.from_notebook_node(notebook, resources, **kw)

    def _keep_timestamp(self, filename: str, marks: dict[str, str]) -> None:
        """What tells nbgrader whether a newer submission has come since."""
        course = _converter(self).coursedir
        if course.get_existing_timestamp(os.path.dirname(filename)):
            folder = course.format_path(
                course.autograded_directory, marks["student"], marks["assignment"]
            )
            text = read_regular(Path(filename).parent / TIMESTAMP, MAX_TIMESTAMP)
            os.makedirs(folder, exist_ok=True)
            (Path(folder) / TIMESTAMP).write_bytes(text)

    def _received(self, filename: str, marks: dict[str, str]) -> bool:
        """Whether it is what was handed in, and not what we made of it."""
        course = _converter(self).coursedir
        ours = course.format_path(
            course.autograded_directory, marks["student"], marks["assignment"]
        )
        return os.path.abspath(os.path.dirname(filename)) != os.path.abspath(ours)

    def _released(self, marks: dict[str, str], chapter: Chapter) -> Any:
        """The released notebook; where it is not here, what would be released."""
        course = _converter(self).coursedir
        folder = course.format_path(course.release_directory, ".", marks["assignment"])
        path = Path(folder) / f"{chapter.name}.ipynb"
        if path.is_file():
            return nbformat.read(path, as_version=4)
        notebook = source_notebook(chapter, solution_pieces(Path(self.root), chapter))
        for cell in notebook.cells:
            if utils.is_solution(cell):
                cell.source = stub_cell(cell.source, chapter.name)
            cell.source = cell.source.partition("\n### BEGIN HIDDEN")[0]
        return notebook


def _refuse_links(path: Path) -> None:
    """A folder of a submission may be a link to somewhere else.

    Raises:
        SubjectMissing: One is.
    """
    for folder in (path.parent, path.parent.parent):
        if folder.is_symlink():
            raise SubjectMissing(f"{folder.name} is a link, not a folder; hand in the folder")


def filled(
    released: Any, handed_in: Sequence[Cell], chapter: Chapter, notes: Mapping[int, str]
) -> Any:
    """The released notebook with the learner's code in its solution cells.

    Code cells of the learner's own stand before the released cell that they stood before. Answers
    in other cells that nbgrader collects are shown as the text that they are.

    Args:
        released: The released notebook.
        handed_in: The cells that were handed in.
        chapter: Its chapter.
        notes: What is to be said about a cell, by its place in `handed_in`.
    """
    exercises = {e.name for e in chapter.exercises}
    places = {_name(cell): cell for cell in released.cells if _name(cell)}
    answers: dict[str, Any] = {}
    own: dict[str, list[Any]] = {}
    waiting: list[Any] = []
    for number, (cell, home) in enumerate(
        zip(handed_in, _homes(handed_in, places, exercises), strict=True)
    ):
        text = home is not None and places[home].cell_type != "code"
        made = v4.new_markdown_cell(_fenced(cell.source)) if text else v4.new_code_cell(cell.source)
        if number in notes and not text:
            made.metadata[MARK] = notes[number]
        if home is not None:
            answers[home] = made
            own.setdefault(home, []).extend(waiting)
            waiting = []
        elif cell.kind == "code" and cell.source.strip():
            waiting.append(made)
    cells: list[Any] = []
    for cell in released.cells:
        name = _name(cell)
        cells += own.get(name, [])
        if utils.is_solution(cell) and (name in answers or name in exercises):
            made = answers.get(name) or v4.new_code_cell(_MISSING)
            made.metadata.update(cell.metadata)
            cell = made
        cells.append(cell)
    cells += waiting
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return v4.new_notebook(cells=cells, metadata=released.metadata)


def _name(cell: Any) -> str:
    """The name that nbgrader knows a cell by."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


_MISSING = "# There was no cell for this exercise."


def _homes(
    handed_in: Sequence[Cell], places: dict[str, Any], exercises: set[str]
) -> list[str | None]:
    """For each cell the released one that it is: by its name, else by what it defines."""
    homes: list[str | None] = []
    for cell in handed_in:
        homes.append(cell.grade_id if cell.grade_id in places else None)
    for name in exercises & places.keys():
        mark = (f"def {name}(", f"class {name}(", f"class {name}:")
        alike = [n for n, home in enumerate(homes) if home == name]
        if not alike:
            alike = [
                n
                for n, cell in enumerate(handed_in)
                if homes[n] is None
                and cell.kind == "code"
                and any(f"\n{cell.source}".find(f"\n{m}") >= 0 for m in mark)
            ]
        for number in alike:
            homes[number] = None
        if alike:
            homes[alike[-1]] = name
    return homes


def _fenced(text: str) -> str:
    """Text that Markdown shows as it is."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"


# Judging


class _Judges:
    """One running judge, of the chapter that was graded last: it forks for each submission."""

    def __init__(self) -> None:
        self._key: tuple[str, str, int] | None = None
        self._judge: Judge | None = None

    def grade(self, root: str, chapter: Chapter, seed: int, text: str) -> ChapterReport:
        """Grade a chapter's module.

        Raises:
            UnjudgedError: There is no verdict on every test.
        """
        why = ""
        for _ in range(MAX_TRIES):
            try:
                found = self._once(root, chapter, seed, text)
            except UnjudgedError as error:
                why = str(error)
                self.close()
                continue
            except BaseException:
                self.close()
                raise
            if worst(e.verdict for e in found.exercises) != UNJUDGED:
                return found
            tests = [t for e in found.exercises for t in e.tests]
            why = next((t.message for t in tests if t.verdict == UNJUDGED), "no test ran")
        raise UnjudgedError(f"UNJUDGED: {why}")

    def tests(self, root: str, chapter: Chapter, seed: int) -> Judge:
        """The judge of a chapter."""
        key = (root, chapter.name, seed)
        if self._judge is None or self._key != key:
            self.close()
            judge = Judge(Path(root), [chapter.name], seed)
            try:
                judge.__enter__()
            except BaseException:
                judge.__exit__()
                raise
            self._key, self._judge = key, judge
        return self._judge

    def _once(self, root: str, chapter: Chapter, seed: int, text: str) -> ChapterReport:
        judge = self.tests(root, chapter, seed)
        records: dict[str, dict[str, Any]] = {}
        lost = ""
        with tempfile.TemporaryDirectory(prefix="kata-") as folder:
            module = Path(folder) / f"{chapter.name}.py"
            module.write_text(text, encoding="utf-8", newline="\n")
            for _, record in judge.run([Job("submission", Path(folder), chapter.name)]):
                if "done" in record:
                    lost = record["done"]
                else:
                    records[record["id"]] = record
        return chapter_report(chapter, judge.tests, records, lost)

    def close(self) -> None:
        """End the judge."""
        judge, self._judge, self._key = self._judge, None, None
        if judge is not None:
            judge.__exit__()


_judges = _Judges()
atexit.register(_judges.close)


class Judged(NbGraderPreprocessor):
    """Has the judge grade the chapter in a notebook, and writes into its cells what came."""

    root = Unicode(help="the checkout of the course").tag(config=True)
    seed = Integer(0, help="the grading seed").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Grade; where there is no verdict, the scores of before are taken back.

        Raises:
            UnjudgedError: There is no verdict.
        """
        marks = resources["nbgrader"]
        chapter = _chapter(self.root, marks["notebook"])
        if chapter is None:
            raise KataError(f"{marks['notebook']} is no chapter; name its notebook after one")
        received = nb.metadata.pop(MARK)
        why = received["why"]
        try:
            if why:
                report = self._unreadable(chapter, why)
            else:
                report = _judges.grade(self.root, chapter, self.seed, received["module"])
        except UnjudgedError:
            _take_back(marks)
            raise
        scores = {test_name(e.name): e.exact_points for e in report.exercises}
        said = {test_name(e.name): told(e.tests) for e in report.exercises}
        for cell in nb.cells:
            if note := cell.metadata.pop(MARK, ""):
                cell.outputs = [_stream([note])]
            elif lines := said.get(_name(cell)):
                cell.outputs = [_stream(lines)]
        resources[MARK] = scores
        return nb, resources

    def _unreadable(self, chapter: Chapter, why: str) -> ChapterReport:
        judge = _judges.tests(self.root, chapter, self.seed)
        failed = {"verdict": FAILED, "message": why, "seconds": 0.0}
        return chapter_report(chapter, judge.tests, {t.id: failed for t in judge.tests})


def _stream(lines: Sequence[str]) -> Any:
    return v4.new_output("stream", name="stdout", text="\n".join(lines) + "\n")


def _take_back(marks: dict[str, str]) -> None:
    """Leave no older score where there is none now."""
    place = (marks["notebook"], marks["assignment"], marks["student"])
    with Gradebook(marks["db_url"]) as gradebook:
        try:
            submission = gradebook.find_submission_notebook(*place)
        except MissingEntry:
            return
        for grade in submission.grades:
            grade.auto_score, grade.needs_manual_grade = None, True
        gradebook.db.commit()


class JudgedScores(SaveAutoGrades):
    """Writes the judge's points; a cell that is not the judge's waits for the instructor."""

    def _add_score(self, cell: Any, resources: Any) -> None:
        name = cell.metadata["nbgrader"]["grade_id"]
        place = (self.notebook_id, self.assignment_id, self.student_id)
        grade = self.gradebook.find_grade(name, *place)
        points: Fraction | None = resources[MARK].get(name)
        if points is not None:
            grade.auto_score = float(points)
        elif utils.is_solution(cell):
            grade.auto_score, _ = utils.determine_grade(cell, self.log)
        else:
            grade.auto_score = None
        grade.needs_manual_grade = grade.auto_score is None or grade.manual_score is not None
        self.gradebook.db.commit()


# Export


class Grades(CsvExportPlugin):
    """nbgrader's table; a score that is not there stays empty, and no cell is a formula."""

    def export(self, gradebook: Any) -> None:
        """Write the table."""
        to = Path(self.to or "grades.csv").resolve()
        with replacing(to) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, _COLUMNS)
            table.writeheader()
            for assignment in gradebook.assignments:
                if self.assignment and assignment.name not in map(str, self.assignment):
                    continue
                for student in gradebook.students:
                    if not self.student or student.id in map(str, self.student):
                        table.writerow(_row(gradebook, assignment, student))


_COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


def _row(gradebook: Any, assignment: Any, student: Any) -> dict[str, Any]:
    row = {name: getattr(student, name) for name in ("last_name", "first_name", "email")}
    row |= {"assignment": assignment.name, "duedate": assignment.duedate}
    row |= {"student_id": student.id, "max_score": assignment.max_score, "timestamp": ""}
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:  # nothing was handed in
        row |= {"raw_score": 0.0, "late_submission_penalty": 0.0, "score": 0.0}
    else:
        penalty, raw = submission.late_submission_penalty, submission.score
        row |= {"timestamp": submission.timestamp, "late_submission_penalty": penalty}
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        judged = all(g.auto_score is not None or g.manual_score is not None for g in grades)
        row |= {"raw_score": raw, "score": max(0.0, raw - penalty)} if judged else {}
    return {k: defuse(v) if isinstance(v, str) else v for k, v in row.items() if v is not None}
