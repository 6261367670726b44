"""nbgrader's own commands, to the end, on a course that `kata notebooks` made: scores and feedback.

One course is graded once, with a learner for each thing that can happen to a notebook.
"""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from grader.batch import Batch, batch
from grader.course import load_course
from grader.errors import UsageError
from grader.exports import export
from grader.grading import Plan, grade
from grader.report import from_dict
from grader.store import Store

CHAPTER = "ch01_demo"
RIGHT = {
    "double": "def double(x):\n    return x + x",
    "quadruple": "def quadruple(x):\n    return 4 * x",
    "gelu": "def gelu(x):\n    return 0.5 * x * (1 + torch.erf(x / 2**0.5))",
}
WRONG = "def double(x):\n    return x + 3"
SCRIPT = "<script>alert('leak')</script>"


def environment(home):
    programs = str(Path(sys.executable).parent)
    return {
        "PATH": os.pathsep.join([programs, os.environ["PATH"]]),
        "HOME": str(home),
        "OMP_NUM_THREADS": "1",
    }


def run(*command, cwd, fails=False):
    done = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=cwd,
        env=environment(cwd),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    words = done.stdout + done.stderr
    assert (done.returncode != 0) == fails, words
    return words


def cell_of(notebook, name):
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def write(notebook, **sources):
    for name, source in (RIGHT | sources).items():
        cell_of(notebook, name).source = source
    return notebook


# What a learner did; each takes the released notebook and returns it.


def right(notebook):
    return write(notebook)


def wrong(notebook):
    return write(notebook, double=WRONG)


def untouched(notebook):
    return notebook


def forged(notebook):
    """Wrong code under passing outputs, emptied tests and other points."""
    write(notebook, double="def double(x):\n    return 0")
    for name in RIGHT:
        test = cell_of(notebook, f"test-{name}")
        test.source = "3.0"
        test.metadata.nbgrader.points = 100
        test.outputs = [v4.new_output("execute_result", {"text/plain": "3.0"})]
    return notebook


def scripted(notebook):
    """Right code among hostile outputs, texts and metadata."""
    write(notebook)
    bundle = {"text/html": SCRIPT, "application/javascript": "alert('leak')"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [v4.new_output("display_data", bundle)]
            cell.metadata.nbgrader["comment"] = SCRIPT
    notebook.cells.insert(0, v4.new_markdown_cell(SCRIPT))
    notebook.cells.append(v4.new_code_cell(f"'''{SCRIPT}'''\nopen('executed', 'w').write('1')"))
    notebook.cells.append(v4.new_raw_cell(SCRIPT, metadata={"raw_mimetype": "text/html"}))
    notebook.metadata["title"] = SCRIPT
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": SCRIPT}
    return notebook


def newer_schema(notebook):
    """Metadata on which nbgrader itself stops the whole class."""
    for cell in write(notebook).cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["schema_version"] = 99
    return notebook


def without_metadata(notebook):
    for cell in write(notebook).cells:
        cell.metadata.clear()
    return notebook


def duplicated(notebook):
    """The cell, its test and an earlier, wrong try; the last one counts."""
    write(notebook, double=WRONG)
    names = [c.metadata.get("nbgrader", {}).get("grade_id") for c in notebook.cells]
    again = v4.new_code_cell(RIGHT["double"], metadata=cell_of(notebook, "double").metadata)
    notebook.cells.insert(names.index("test-double") + 1, again)
    notebook.cells.append(cell_of(notebook, "test-double"))
    return notebook


def deleted(notebook):
    write(notebook)
    gone = [cell_of(notebook, "double"), cell_of(notebook, "test-double")]
    notebook.cells = [cell for cell in notebook.cells if cell not in gone]
    return notebook


def magic(notebook):
    write(notebook, double=f"%%time\n{RIGHT['double']}", gelu=f"!pip list\n{RIGHT['gelu']}\n%ls")
    notebook.cells.insert(1, v4.new_code_cell("%matplotlib inline\nimport matplotlib"))
    return notebook


def broken(notebook):
    return write(notebook, double="def double(x):\n    return (x +")


def helped(notebook):
    """A helper and a trial in cells of one's own, and a solution cell that became text."""
    write(notebook, double="def double(x):\n    return add(x, x)")
    cell_of(notebook, "gelu").cell_type = "markdown"
    notebook.cells.insert(3, v4.new_code_cell("def add(a, b):\n    return a + b\n\n\n1 / 0"))
    return notebook


LEARNERS = (
    right, wrong, untouched, forged, scripted, newer_schema, without_metadata, duplicated,
    deleted, magic, broken, helped,
)  # fmt: skip
FILES = {
    "no_json": b"{",
    "no_bytes": b"",
    "no_such_format": b'{"nbformat": 99, "nbformat_minor": 0, "cells": [], "metadata": {}}',
    "too_large": b" " * (50 << 20) + b"{}",
}


@dataclass
class Graded:
    """A course after nbgrader's commands, and what they left."""

    root: Path
    folder: Path
    released: str
    said: str
    scores: dict
    feedback: dict
    table: dict


def scores_in(database):
    """By student and cell: the score, and whether it waits for a human."""
    found = {}
    with sqlite3.connect(database) as base:
        rows = base.execute(
            "SELECT a.student_id, c.name, g.auto_score, g.needs_manual_grade FROM grade g "
            "JOIN base_cell c ON c.id = g.cell_id "
            "JOIN submitted_notebook n ON n.id = g.notebook_id "
            "JOIN submitted_assignment a ON a.id = n.assignment_id"
        )
        for student, cell, score, waits in rows:
            found.setdefault(student, {})[cell] = (score, bool(waits))
    base.close()
    return found


def table_of(path):
    with path.open(encoding="utf-8") as file:
        return {row["student_id"]: row["score"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def graded(demo_root, tmp_path_factory):
    root = tmp_path_factory.mktemp("class") / "course"
    shutil.copytree(demo_root, root)
    folder = root / "nb"
    done = subprocess.run(
        [sys.executable, "-m", "grader", "notebooks", "--to", str(folder)],
        cwd=root,
        env={**environment(root), "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    run("nbgrader", "generate_assignment", CHAPTER, cwd=folder)
    released = (folder / "release" / CHAPTER / f"{CHAPTER}.ipynb").read_text(encoding="utf-8")

    def place(name):
        path = folder / "submitted" / name / CHAPTER / f"{CHAPTER}.ipynb"
        path.parent.mkdir(parents=True)
        return path

    for learner in LEARNERS:
        text = json.dumps(learner(nbformat.reads(released, as_version=4)))
        place(learner.__name__).write_text(text, encoding="utf-8")
    for name, data in FILES.items():
        place(name).write_bytes(data)
    place("linked").symlink_to(folder / "submitted" / "right" / CHAPTER / f"{CHAPTER}.ipynb")
    folder_of_another = folder / "submitted" / "linked_folder"
    folder_of_another.mkdir()
    (folder_of_another / CHAPTER).symlink_to(folder / "submitted" / "right" / CHAPTER)
    beside = folder / "submitted" / "right" / CHAPTER
    (beside / "secret.txt").symlink_to(folder / "nbgrader_config.py")
    (beside / "timestamp.txt").write_text("2026-01-02 03:04:05 UTC\n", encoding="utf-8")
    said = run("nbgrader", "autograde", CHAPTER, cwd=folder)
    run("nbgrader", "generate_feedback", CHAPTER, cwd=folder)
    run("nbgrader", "export", cwd=folder)
    feedback = {
        path.parents[1].name: path.read_text(encoding="utf-8")
        for path in (folder / "feedback").glob("*/*/*.html")
    }
    return Graded(
        root,
        folder,
        released,
        said,
        scores_in(folder / "gradebook.db"),
        feedback,
        table_of(folder / "grades.csv"),
    )


@pytest.fixture(scope="module")
def record(graded):
    """What `kata batch` says of the same tree, by submission."""
    course = load_course(graded.root / "exercises" / "course.toml")
    order = Batch(graded.root, course, graded.folder / "submitted", course.chapters)
    with Store(graded.root / "results.sqlite", create=True) as store:
        batch(order, store)
        return {report.subject: report for report in store.reports()}


def points(report):
    return {f"test-{e.name}": float(e.exact_points) for c in report.chapters for e in c.exercises}


# Release


def test_the_release_holds_no_solution_and_no_hidden_test(graded):
    assert "x + x" not in graded.released
    assert "HIDDEN" not in graded.released
    assert "hidden=" not in graded.released
    assert 'NotImplementedError(\\"ch01_demo.quadruple\\")' in graded.released
    assert 'check(\\"ch01_demo.double\\")' in graded.released


# Scores


def test_the_gradebook_has_what_kata_says_of_the_same_tree(graded, record):
    assert graded.scores.keys() == record.keys()
    for name, report in record.items():
        found = {cell: score for cell, (score, _) in graded.scores[name].items()}
        assert found == points(report), name
        assert not any(waits for _, waits in graded.scores[name].values())


def test_the_same_module_has_the_same_points_by_kata_grade(graded, tmp_path):
    (tmp_path / f"{CHAPTER}.py").write_text(
        "import torch\n" + "\n".join([WRONG, RIGHT["quadruple"], RIGHT["gelu"]]), encoding="utf-8"
    )
    course = load_course(graded.root / "exercises" / "course.toml")
    report = grade(Plan(graded.root, course, tmp_path, course.chapters))
    assert points(report) == {c: score for c, (score, _) in graded.scores["wrong"].items()}


@pytest.mark.parametrize(
    ("name", "double", "quadruple", "gelu"),
    [
        ("right", 3, 3, 2),
        ("wrong", 1, 3, 2),
        ("untouched", 0, 0, 0),
        ("forged", 0, 3, 2),
        ("scripted", 3, 3, 2),
        ("newer_schema", 3, 3, 2),
        ("without_metadata", 3, 3, 2),
        ("duplicated", 3, 3, 2),
        ("deleted", 0, 3, 2),
        ("magic", 3, 3, 2),
        ("broken", 0, 3, 2),
        ("helped", 3, 3, 2),
        ("linked", 0, 0, 0),
        ("linked_folder", 0, 0, 0),
        *((name, 0, 0, 0) for name in FILES),
    ],
)
def test_nothing_is_lost_that_was_earned_and_nothing_won_that_was_not(
    graded, name, double, quadruple, gelu
):
    expected = {"test-double": double, "test-quadruple": quadruple, "test-gelu": gelu}
    assert {cell: score for cell, (score, _) in graded.scores[name].items()} == expected
    assert float(graded.table[name]) == double + quadruple + gelu


def test_no_cell_is_executed_and_no_file_beside_a_notebook_is_copied(graded):
    assert not list(graded.root.rglob("executed"))
    assert not list((graded.folder / "autograded").rglob("secret.txt"))
    copied = graded.folder / "autograded" / "right" / CHAPTER / "timestamp.txt"
    assert copied.read_text(encoding="utf-8") == "2026-01-02 03:04:05 UTC\n"


# Feedback


def test_the_feedback_shows_each_tests_sentence(graded):
    assert "FAILED  double(3) is 6." in graded.feedback["forged"]
    page = graded.feedback["wrong"]
    assert "PASSED  double(3) is 6." in page
    assert "PASSED (hidden)  quadruple(x) is 4 x for tensors." in page
    assert "FAILED (hidden)  double(x) is 2 x for any number.\n    wrong result\n" in page


def test_the_feedback_shows_no_hidden_data(graded):
    for page in graded.feedback.values():
        assert "secret" not in page
        assert "HIDDEN" not in page


def test_the_feedback_shows_nothing_that_was_stored_in_the_notebook(graded):
    page = graded.feedback["scripted"]
    assert SCRIPT not in page
    assert "alert('leak')" not in page.replace("&#39;", "'").replace(
        "'''&lt;script&gt;alert('leak')&lt;/script&gt;'''", ""
    )
    made = (graded.folder / "autograded" / "scripted" / CHAPTER / f"{CHAPTER}.ipynb").read_text(
        encoding="utf-8"
    )
    assert "javascript" not in made
    assert "text/html" not in made
    assert made.count("leak") == 1, "the source of the learner's own code cell"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no_json", "ch01_demo.ipynb is not JSON, so not a notebook; save it again"),
        ("no_bytes", "ch01_demo.ipynb is empty; save the notebook and hand it in again"),
        ("no_such_format", "ch01_demo.ipynb is not a notebook"),
        ("too_large", "ch01_demo.ipynb is larger than 16,777,216 bytes"),
        ("linked", "ch01_demo.ipynb is a link, not a file; hand in the file"),
        ("linked_folder", "ch01_demo is a link, not a folder; hand in the folder"),
        ("broken", "not read, because this is not Python: line 2: '(' was never closed"),
        ("deleted", "There was no cell for this exercise."),
        ("deleted", "not written yet: ch01_demo.double"),
    ],
)
def test_what_cannot_be_read_says_why(graded, name, why):
    page = graded.feedback[name].replace("&#39;", "'").replace("<span", "<").replace("&amp;", "&")
    assert why in page


# A verdict that is not there


def table_from(database, to):
    """What `nbgrader export` writes, with our plugin."""
    from nbgrader.api import Gradebook

    from grader.notebooks.pipeline import Grades

    with Gradebook(f"sqlite:///{database}") as gradebook:
        Grades(to=str(to)).export(gradebook)
    return table_of(to)


def test_what_is_unjudged_has_no_score_and_is_left_for_another_try(graded, tmp_path):
    suite = graded.root / "tests" / CHAPTER / "test_hidden.py"
    sound = suite.read_text(encoding="utf-8")
    name, folder = "forged", graded.folder
    line = '@pytest.mark.exercise("double")\ndef test_ours(chapter):\n    """It runs."""\n'
    suite.write_text(f"{sound}\n\n{line}    pytest.skip('not today')\n", encoding="utf-8")
    try:
        command = ("nbgrader", "autograde", CHAPTER, f"--student={name}", "--force")
        said = run(*command, cwd=folder, fails=True)
    finally:
        suite.write_text(sound, encoding="utf-8")
    assert "UNJUDGED: the suite skips a test" in said
    assert set(scores_in(folder / "gradebook.db")[name].values()) == {(None, True)}
    # nbgrader takes up what has no autograded copy.
    assert not list((folder / "autograded").glob(f"{name}/*/*.ipynb"))
    table = table_from(folder / "gradebook.db", tmp_path / "later.csv")
    assert table == graded.table | {name: ""}


# kata export --format nbgrader


def exported(reports, path):
    return export("nbgrader", reports, path)


def test_an_export_makes_the_gradebook_that_nbgrader_makes(graded, record, tmp_path):
    assert exported(record.values(), tmp_path / "gradebook.db") == []
    found = scores_in(tmp_path / "gradebook.db")
    assert found == {n: s for n, s in graded.scores.items() if record[n].chapters[0].handed_in}
    assert graded.scores.keys() - found.keys() == {"linked_folder"}, "nothing came, so no row"
    assert table_from(tmp_path / "gradebook.db", tmp_path / "grades.csv") == graded.table


def test_an_export_brings_a_gradebook_up_to_date_and_keeps_what_humans_said(
    graded, record, tmp_path
):
    path = tmp_path / "gradebook.db"
    shutil.copyfile(graded.folder / "gradebook.db", path)
    with sqlite3.connect(path) as base:
        base.execute("UPDATE grade SET auto_score = 0.5")
        base.execute("UPDATE grade SET manual_score = 7 WHERE rowid = 1")
    base.close()
    again = [*record.values(), replace(record["right"], subject="newcomer")]
    assert exported(again, path) == []
    found = scores_in(path)
    assert found.pop("newcomer") == graded.scores["right"]
    scores = {n: {c: s for c, (s, _) in cells.items()} for n, cells in found.items()}
    assert scores == {n: {c: s for c, (s, _) in v.items()} for n, v in graded.scores.items()}
    with sqlite3.connect(path) as base:
        assert base.execute("SELECT manual_score FROM grade WHERE rowid = 1").fetchone() == (7,)
        assert base.execute("SELECT count(*) FROM source_cell").fetchone()[0] > 0
    base.close()


def test_an_export_writes_no_score_where_there_is_none(graded, record, tmp_path):
    data = record["right"].to_dict()
    data["chapters"][0]["exercises"][0]["tests"][0]["verdict"] = "UNJUDGED"
    unjudged = replace(from_dict(data), subject="unjudged")
    absent = replace(
        record["right"],
        subject="absent",
        chapters=tuple(replace(c, handed_in=False) for c in record["right"].chapters),
    )
    path = tmp_path / "gradebook.db"
    assert exported([record["right"], unjudged, absent], path) == ["unjudged"]
    found = scores_in(path)
    assert set(found["unjudged"].values()) == {(None, True)}
    assert "absent" not in found


def test_an_export_into_something_else_is_refused_and_harms_nothing(record, tmp_path):
    path = tmp_path / "gradebook.db"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(UsageError, match="is no gradebook"):
        exported(record.values(), path)
    assert path.read_bytes() == b"something else" * 100
    with pytest.raises(UsageError, match="is a folder"):
        exported(record.values(), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["gradebook.db"]


# In a real kernel


def test_a_learner_checks_in_a_real_kernel(graded):
    from nbclient import NotebookClient

    made = nbformat.reads(graded.released, as_version=4)
    cell_of(made, "double").source = RIGHT["double"]
    names = ("setup", "given-1", "double", "test-double", "gelu", "test-gelu")
    made.cells = [cell_of(made, name) for name in names]
    client = NotebookClient(
        made, timeout=120, allow_errors=True, resources={"metadata": {"path": str(graded.folder)}}
    )
    client.execute()
    (passed,) = made.cells[3].outputs
    assert passed["data"]["text/plain"] == "1 of 1 tests pass\nPASSED  double(3) is 6."
    (failed,) = made.cells[5].outputs
    assert failed["traceback"][0] == "0 of 1 tests pass"
    assert "not written yet: ch01_demo.gelu" in "\n".join(failed["traceback"])
    assert "grader/" not in "\n".join(failed["traceback"])
