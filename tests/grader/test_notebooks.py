"""Chapters become notebooks and come back, whatever a learner did to the cells on the way."""

import json
from pathlib import Path

import nbformat
import pytest
from nbformat import v3, v4

from grader.course import load_course
from grader.errors import KataError, SubjectMissing, UsageError
from grader.handin import HandIn, read
from grader.notebooks import kernel, reading
from grader.notebooks.cells import join, pieces_of, solution_pieces
from grader.notebooks.making import make, markdown, source_notebook
from grader.notebooks.reading import Cell, cells_of, chapter_in, module_in, taker
from grader.notebooks.taking import take

ROOT = Path(__file__).resolve().parents[2]
COURSE = load_course(ROOT / "exercises" / "course.toml")
NAMES = [c.name for c in COURSE.chapters]

SOLUTION = '''
"""The demo chapter."""

import math

SCALE = {"one": 1}


def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION


### BEGIN SOLUTION
def _twice(f, x):
    return f(f(x))


### END SOLUTION


def quadruple(x):
    """Four times x."""
    ### BEGIN SOLUTION
    return _twice(double, x)
    ### END SOLUTION


class Box:
    """Holds x."""

    def __init__(self, x):
        ### BEGIN SOLUTION
        self.x = x
        ### END SOLUTION
'''.lstrip()
HEADER, DOUBLE, QUADRUPLE, BOX = (
    SOLUTION[:SOLUTION.index("\n\n\ndef double")],
    "def double(x):\n    return x * 2",
    "def quadruple(x):\n    return double(double(x))",
    "class Box:\n    def __init__(self, x):\n        self.x = x",
)  # fmt: skip
MANIFEST = """
schema = 1
title = "Demo"
[[chapters]]
name = "ch01_demo"
title = "Demo"
sections = "1"
[[chapters.exercises]]
name = "double"
points = 1
[[chapters.exercises]]
name = "quadruple"
points = 2
[[chapters.exercises]]
name = "Box"
points = 1
"""


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    path = tmp_path_factory.mktemp("course") / "course.toml"
    path.write_text(MANIFEST, encoding="utf-8")
    return load_course(path).chapters[0]


@pytest.fixture(scope="module")
def pieces(chapter):
    return pieces_of(SOLUTION, chapter)


def ran(taken):
    """The module's names, after it was run."""
    space = {"__name__": "demo"}
    exec(compile(taken.text, "demo", "exec"), space)
    return space


# There and back


@pytest.mark.parametrize("name", NAMES)
def test_a_module_becomes_a_notebook_and_the_same_module_again(name):
    text = (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")
    chapter = COURSE.chapter(name)
    pieces = pieces_of(text, chapter)
    data = nbformat.writes(source_notebook(chapter, pieces)).encode()
    assert module_in(data, chapter, pieces).decode() == text


@pytest.mark.parametrize("name", NAMES)
def test_the_stubs_of_the_cells_are_the_exercise_file(name):
    chapter = COURSE.chapter(name)
    pieces = solution_pieces(ROOT, chapter)
    twin = (ROOT / "exercises" / f"{name}.py").read_text(encoding="utf-8")
    assert join(piece.stub for piece in pieces) == twin
    assert take([p.stub for p in pieces], pieces, name).text == twin
    # A learner's bundle has no solutions: the pieces of the stubs are the stubs.
    assert [p.stub for p in pieces_of(twin, chapter)] == [p.stub for p in pieces]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_valid_and_has_a_graded_cell_for_each_exercise(name):
    chapter = COURSE.chapter(name)
    notebook = source_notebook(chapter, solution_pieces(ROOT, chapter))
    nbformat.validate(notebook)
    graded = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points
        for c in notebook.cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }
    assert graded == {f"test-{e.name}": e.points for e in chapter.exercises}
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and not marks["solution"]:
            assert marks["locked"]
            assert "### BEGIN SOLUTION" not in cell.source
            assert any(not line.startswith("#") for line in cell.source.splitlines())


def test_a_marked_region_in_the_header_is_refused_with_a_reason(chapter):
    text = SOLUTION.replace('SCALE = {"one": 1}', "### BEGIN SOLUTION\nA = 1\n### END SOLUTION")
    with pytest.raises(KataError, match="two blank lines"):
        pieces_of(text, chapter)
    with pytest.raises(KataError, match="has no Box"):
        pieces_of(SOLUTION.replace("class Box", "class Bag"), chapter)


def test_a_docstring_keeps_its_examples_and_harms_no_markdown():
    made = markdown(
        "Do it, *all* of it.\n\nArgs:\n    x_1: A <b>, (T, d),\n        or two.\n\n"
        "Returns:\n    W_query[0] and _x.\n\nExample:\n    a  b\n      c\n"
    )
    assert "Do it, *all* of it." in made
    assert r"- `x_1`: A \<b>, (T, d), or two." in made
    assert r"W_query\[0\] and \_x." in made
    assert "```text\na  b\n  c\n```" in made


# What learners do to cells


def test_deleted_cells_cost_their_own_exercise(chapter, pieces):
    taken = take([DOUBLE], pieces, chapter.name)
    space = ran(taken)
    assert space["double"](2) == 4
    assert space["SCALE"] == {"one": 1}, "given code is there although its cell is not"
    with pytest.raises(NotImplementedError, match=r"ch01_demo\.quadruple"):
        space["quadruple"](2)
    assert take([], pieces, chapter.name).text == join(p.stub for p in pieces)


@pytest.mark.parametrize(
    "cells",
    [
        [DOUBLE, "def double(x):\n    raise NotImplementedError('ch01_demo.double')"],
        ["def double(x):\n    return 5", DOUBLE],
        [DOUBLE, DOUBLE],
        [f"{DOUBLE}\n\n{QUADRUPLE}\n\n{BOX}"],
        [BOX, QUADRUPLE, DOUBLE],
        ["double = lambda x: x * 2"],
        [f"def cached(f):\n    return f\n\n\n@cached\n{DOUBLE}"],
        ["factor = 2", "def double(x):\n    return x * factor"],
        ["from math import prod", "def double(x):\n    return prod([x, 2])"],
        ["import math as m; y = m.pi; z = 1 / 0", "def double(x):\n    return m.floor(x * 2.25)"],
        ["from __future__ import annotations", "def double(x: Late) -> Later:\n    return 2 * x"],
        ["import math", f"{DOUBLE}\n\nprint(double(1))\ndouble(2)\nassert False"],
        ["!pip install numpy\n%matplotlib inline\nimport os", f"%%time\n{DOUBLE}"],
        [f"{DOUBLE}\n\n%timeit double(2)\ndouble?\nfiles = !ls"],
        ["%%bash\nexit 1", "await something()", DOUBLE],
        ["this is not Python", DOUBLE],
        ["x = 3\ndouble = double(x)", DOUBLE],
        [DOUBLE, "double = double(3)"],
        ["import no_such_module\nno_such_module.start()", DOUBLE],
        ["try:\n    import no_such_module\nexcept ImportError:\n    two = 2",
         "def double(x):\n    return x * two"],
        ["if True:\n    two = 2\nfor _ in range(3):\n    print(two)",
         "def double(x):\n    return x * two"],
        ["sizes = {}", "sizes['two'] = 2", "def double(x):\n    return x * sizes['two']"],
        ["\r\ndef double(x):\r\n    return x * 2\r\n\r\n"],
        ["\ufeff# note\n" + DOUBLE],
    ],
)  # fmt: skip
def test_what_an_exercise_needs_counts_and_trials_do_not(chapter, pieces, cells):
    space = ran(take(cells, pieces, chapter.name))
    assert space["double"](2) == 4
    assert "no_such_module" not in space


def test_a_class_may_be_extended_in_later_cells(chapter, pieces):
    base = ["class Box:\n    def __init__(self, x):\n        self.x = x"]
    again = "class Box(Box):\n    def get(self):\n        return self.x"
    assert ran(take([*base, again], pieces, chapter.name))["Box"](3).get() == 3
    added = "def get(self):\n    return self.x\n\nBox.get = get"
    assert ran(take([*base, added], pieces, chapter.name))["Box"](3).get() == 3


def test_edited_given_code_is_given_again_and_imports_added_to_it_count(chapter, pieces):
    header = HEADER.replace("import math", "import math\nimport string").replace("1}", "2}")
    cells = [header, "def double(x):\n    return x * len(string.octdigits[:2]) * SCALE['one']"]
    taken = take(cells, pieces, chapter.name)
    space = ran(taken)
    assert (space["SCALE"], space["double"](2)) == ({"one": 1}, 4)
    assert "SCALE" in taken.notes[0]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("def double(x):\n  return x +", "line 2: invalid syntax"),
        ("def double(x):\n    return ((x)", "line 2: '(' was never closed"),
        ("def double(x):\n\treturn x\n        return 1", "line 3"),
        ("def double(x):\n    nonlocal y", "nonlocal"),
        ("def double(x):\n    break", "'break' outside loop"),
        ("%%writefile a.py\ndef double(x):\n    return 2 * x", "%%writefile"),
        ("pip install numpy\ndef double(x):\n    return 2 * x", "line 1"),
        ("def double(x):\n    return '\ud800'", "surrogates"),
        ("def double(x):\n    return '\0'", "null"),
        ("def double(x):\n    return " + "(" * 5000 + "x" + ")" * 5000, "parenthes"),
        ("def double(x):\n    return " + "-" * 100_000 + "x", "nested"),
    ],
)
def test_a_cell_that_is_not_python_costs_its_own_exercise_and_says_why(
    chapter, pieces, broken, why
):
    taken = take(["import no_such_module", broken, QUADRUPLE, BOX], pieces, chapter.name)
    space = ran(taken)
    assert space["Box"](1).x == 1
    with pytest.raises(SyntaxError, match="double") as info:
        space["quadruple"](1)
    assert why.casefold() in str(info.value).casefold()
    assert 1 in taken.notes


def test_a_broken_class_says_why_when_it_is_made(chapter, pieces):
    space = ran(take(["class Box:\n    def __init__(self, x)\n        pass"], pieces, chapter.name))
    with pytest.raises(SyntaxError, match="line 2: expected ':'"):
        space["Box"](1)


def test_text_within_a_cell_stays_as_it_is(chapter, pieces):
    odd = 'def double(x):\n    return len("""%d \n!ls \u2028 \x0c """) and 2 * x'
    assert odd in take([odd], pieces, chapter.name).text


def test_comments_stay_where_a_trial_is_left_out(chapter, pieces):
    cell = f"# mine\n{DOUBLE}\n\n\n# a trial\ndouble(2)"
    assert f"# mine\n{DOUBLE}\n\n\n# a trial\n\n\n" in take([cell], pieces, chapter.name).text


def test_many_statements_and_many_magic_lines_end_in_time(chapter, pieces):
    many = "\n".join(f"a{n} = a{n + 1}" for n in range(6_000))
    taken = take([DOUBLE, many, "!ls\n" * 5_000], pieces, chapter.name)
    assert ran(taken)["double"](2) == 4
    assert "5,000 statements" in taken.notes[1]


# Files that claim to be notebooks


def notebook(*sources, **marks):
    return v4.new_notebook(cells=[v4.new_code_cell(s) for s in sources], **marks)


def test_a_notebook_without_metadata_is_read_by_what_its_cells_define(chapter, pieces):
    data = nbformat.writes(notebook(BOX, DOUBLE)).encode()
    text = module_in(data, chapter, pieces).decode()
    assert DOUBLE in text
    assert BOX in text


def test_an_exercise_whose_cell_became_text_is_code_all_the_same(chapter, pieces):
    cells = [Cell("markdown", DOUBLE, "double"), Cell("markdown", QUADRUPLE, "other")]
    text = chapter_in(cells, chapter, pieces).text
    assert DOUBLE in text
    assert QUADRUPLE not in text, "text is no code"


def test_an_old_format_is_read(chapter, pieces):
    old = v3.new_notebook(worksheets=[v3.new_worksheet(cells=[v3.new_code_cell(DOUBLE)])])
    data = json.dumps({**old, "nbformat": 3, "nbformat_minor": 0}).encode()
    assert DOUBLE in module_in(data, chapter, pieces).decode()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"not a notebook", "is not JSON"),
        (b"[" * 100_000, "not"),
        (b"[]", "is not a notebook"),
        (b"7", "is not a notebook"),
        (b"{}", "its cells cannot be read"),
        (b'{"nbformat": 99, "cells": []}', "not a notebook"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "cells": 3}', "is not a notebook"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "cells": [3]}', "is not a notebook"),
        (
            b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}',
            "is not a notebook",
        ),
        (b"0" * (16 << 20) + b"0", "is larger than 16,777,216 bytes"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused_with_a_reason(data, why):
    with pytest.raises(SubjectMissing, match=why) as info:
        cells_of(data, "ch01_demo.ipynb")
    assert str(info.value).startswith("ch01_demo.ipynb")
    assert len(str(info.value)) < 300


def test_too_many_cells_and_too_much_code_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_CELLS", 2)
    with pytest.raises(SubjectMissing, match="more than 2 cells"):
        cells_of(nbformat.writes(notebook("1", "2", "3")).encode(), "a.ipynb")
    monkeypatch.setattr(reading, "MAX_SOURCE", 3)
    with pytest.raises(SubjectMissing, match="more than 3 characters"):
        cells_of(nbformat.writes(notebook("12", "34")).encode(), "a.ipynb")


# Handed in


def test_a_notebook_is_handed_in_like_a_module(demo, tmp_path):
    course = load_course(demo / "exercises" / "course.toml")
    submitted = tmp_path / "submitted" / "alice" / "ch01_demo"
    submitted.mkdir(parents=True)
    data = nbformat.writes(notebook("def double(x):\n    return 2 * x")).encode()
    (submitted / "ch01_demo.ipynb").write_bytes(data)
    (submitted / ".ipynb_checkpoints").mkdir()
    (submitted / ".ipynb_checkpoints" / "ch01_demo.ipynb").write_bytes(b"")

    def alice():
        handin = HandIn("alice", tmp_path / "submitted" / "alice")
        return read(handin, ["ch01_demo"], taker(demo, course))["ch01_demo"]

    assert b"return 2 * x" in alice().data
    (submitted / "ch01_demo.py").write_bytes(b"x = 1\n")
    assert alice().data is None
    assert "ch01_demo.ipynb" in alice().why
    assert "hand in one" in alice().why
    (submitted / "ch01_demo.py").unlink()
    (submitted / "ch01_demo.ipynb").write_bytes(b"{")
    assert alice().why == "ch01_demo.ipynb is not JSON, so not a notebook; save it again"
    (submitted / "ch01_demo.ipynb").unlink()
    (submitted / "ch01_demo.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    assert "is a link" in alice().why


# The command


def test_a_course_is_made_again_without_harm_to_what_was_changed(demo, tmp_path):
    course = load_course(demo / "exercises" / "course.toml")

    def states(**options):
        made = make(demo, course, course.chapters, tmp_path / "nb", **options)
        return [(file.path.name, file.state) for file in made]

    names = ["nbgrader_config.py", "ch01_demo.ipynb"]
    assert states() == [(name, "written") for name in names]
    assert states() == [(name, "same") for name in names]
    config = tmp_path / "nb" / "nbgrader_config.py"
    config.write_text("# mine\n", encoding="utf-8")
    assert states()[0] == ("nbgrader_config.py", "kept")
    assert config.read_text(encoding="utf-8") == "# mine\n"
    assert states(force=True, seed=7)[0] == ("nbgrader_config.py", "written")
    assert "seed=7" in config.read_text(encoding="utf-8")


def test_without_nbgrader_or_solutions_the_command_says_what_is_missing(
    demo, tmp_path, monkeypatch
):
    course = load_course(demo / "exercises" / "course.toml")
    (demo / "solutions").rename(demo / "elsewhere")
    with pytest.raises(UsageError, match="made from solutions"):
        make(demo, course, course.chapters, tmp_path / "nb")
    monkeypatch.setitem(__import__("sys").modules, "nbgrader", None)
    with pytest.raises(UsageError, match=r"llm-kata\[nbgrader\]"):
        make(demo, course, course.chapters, tmp_path / "nb")


# In a kernel


@pytest.fixture
def cells(monkeypatch, demo):
    """What was run in the notebook so far."""
    run = ["", f"{DOUBLE}", "get_ipython().run_line_magic('time', 'double(2)')"]
    monkeypatch.setattr(kernel, "_cells_run", lambda: run)
    monkeypatch.chdir(demo)
    return run


def test_check_shows_the_sentences_of_the_visible_tests(cells):
    shown = repr(kernel.check("ch01_demo.double"))
    assert shown == "1 of 1 tests pass\nPASSED  double(3) is 6."


def test_check_says_what_is_wrong_and_shows_no_traceback(cells):
    cells.append("def double(x):\n    return x + 1")
    with pytest.raises(kernel.NotYet, match=r"FAILED  double\(3\) is 6\.") as info:
        kernel.check("ch01_demo.double")
    assert info.value._render_traceback_() == str(info.value).splitlines()
    assert "any number" not in str(info.value), "a hidden test"


def test_check_refuses_what_is_no_exercise_and_no_notebook(cells, monkeypatch):
    with pytest.raises(UsageError, match="name an exercise"):
        kernel.check("ch01_demo")
    monkeypatch.undo()
    with pytest.raises(UsageError, match="in a notebook"):
        kernel._cells_run()


def test_earlier_chapters_come_from_the_notebook_near_by(tmp_path, monkeypatch):
    course = tmp_path / "course"
    (course / "exercises").mkdir(parents=True)
    second = '[[chapters]]\nname = "ch02_more"\ntitle = "More"\nsections = "2"\nexercises = []\n'
    (course / "exercises" / "course.toml").write_text(MANIFEST + second, encoding="utf-8")
    (course / "exercises" / "ch01_demo.py").write_text(SOLUTION, encoding="utf-8")
    for name in ("ch01_demo", "ch02_more"):
        (course / name).mkdir()
    monkeypatch.chdir(course / "ch02_more")
    space = {"__name__": "__main__", "__package__": kernel.earlier("ch02_more")}
    exec("from .ch01_demo import double", space)
    assert space["double"](2) == 4
    path = course / "ch01_demo" / "ch01_demo.ipynb"
    path.write_text(nbformat.writes(notebook("def double(x):\n    return 'mine'")), "utf-8")
    space = {"__name__": "__main__", "__package__": kernel.earlier("ch02_more")}
    exec("from .ch01_demo import double", space)
    assert space["double"](2) == "mine"
