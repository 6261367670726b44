"""Stubs from solutions, overlays from answers, and never a lost line of a learner's."""

import ast
import textwrap

import pytest

from grader.course import load_course
from grader.errors import KataError
from grader.files import write_text
from grader.overlay import definition, overlay, read_answer, splice
from grader.release import release, stub_of, unwritten

SOLUTION = textwrap.dedent('''
    """A chapter."""

    import torch
    from torch import nn

    GIVEN = 3


    ### BEGIN SOLUTION
    def _helper(x):
        return x


    ### END SOLUTION
    class Layer(nn.Module):
        """A layer."""

        def __init__(self, d):
            super().__init__()
            ### BEGIN SOLUTION
            self.d = d
            ### END SOLUTION

        def forward(self, x):
            """Forward."""
            ### BEGIN SOLUTION
            return _helper(x)
            ### END SOLUTION


    def outer(x):
        """Outer."""
        ### BEGIN SOLUTION
        def inner(y):
            return y

        return inner(x)
        ### END SOLUTION
''').lstrip()


def test_a_stub_keeps_what_is_given_and_names_what_is_not_written():
    stub = stub_of(SOLUTION, "ch01_demo")
    assert "SOLUTION" not in stub
    assert "_helper" not in stub
    assert "GIVEN = 3" in stub
    assert "super().__init__()" in stub
    assert unwritten(stub) == {
        "ch01_demo.Layer.__init__",
        "ch01_demo.Layer.forward",
        "ch01_demo.outer",
    }
    assert "\n\n\n\n" not in stub


def surface(text):
    """Signatures and docstrings of everything at the top level."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            functions = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef)]
            outer = [f for f in functions if f.name != "inner"]
            found[node.name] = [(f.name, ast.unparse(f.args), ast.get_docstring(f)) for f in outer]
    return found


def test_a_stub_has_the_surface_of_its_twin():
    assert surface(stub_of(SOLUTION, "ch01_demo")) == surface(SOLUTION)


@pytest.mark.parametrize("marker", ["### BEGIN SOLUTION", "### END SOLUTION"])
def test_a_marker_without_partner_is_an_error(marker):
    with pytest.raises(KataError, match="without its partner"):
        stub_of(SOLUTION + f"\n{marker}\n", "ch01_demo")


def test_release_never_overwrites_work(demo):
    course = load_course(demo / "exercises" / "course.toml")
    path = demo / "exercises" / "ch01_demo.py"
    assert [r.state for r in release(demo, course)] == ["same"]
    work = path.read_text(encoding="utf-8").replace(
        'raise NotImplementedError("ch01_demo.double")', "return 2 * x"
    )
    path.write_text(work, encoding="utf-8")
    assert [r.state for r in release(demo, course, check=True)] == ["differs"]
    assert [r.state for r in release(demo, course)] == ["kept"]
    assert path.read_text(encoding="utf-8") == work
    assert [r.state for r in release(demo, course, force=True)] == ["written"]
    assert [r.state for r in release(demo, course, check=True)] == ["same"]


def test_release_renews_a_stub_that_nobody_has_begun(demo):
    course = load_course(demo / "exercises" / "course.toml")
    path = demo / "exercises" / "ch01_demo.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Twice x.", "An older sentence."), encoding="utf-8")
    assert [r.state for r in release(demo, course)] == ["written"]
    assert path.read_text(encoding="utf-8") == text


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_an_overlay_replaces_by_name_and_adds_the_rest():
    answer = "import math\n\ndef _mine(x):\n    return x\n\ndef outer(x):\n    return _mine(x)\n"
    text = overlay(SOLUTION, answer)
    names = [n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    assert names == ["_helper", "Layer", "_mine", "outer"]
    assert "import math" in text
    space = {}
    exec(compile(text, "x", "exec"), space)
    assert space["outer"](4) == 4


def test_an_overlay_that_replaces_nothing_is_an_error():
    with pytest.raises(KataError, match="nothing that"):
        overlay(SOLUTION, "def other(): pass\n")


def test_a_definition_comes_with_its_decorators():
    text = "@one\n@two(3)\ndef f():\n    pass\n\nx = 1\n"
    assert definition(text, "f").startswith("@one\n@two(3)\n")
    assert definition(text, "x") == "x = 1"
    assert splice(text, {"f": "def f(): return 1"}).startswith("def f(): return 1\n")
    with pytest.raises(KeyError):
        definition(text, "g")


def test_an_answers_header_is_read(tmp_path):
    path = tmp_path / "adds_two.py"
    path.write_text(
        '"""Adds two\ninstead of doubling.\n\nexercise: double\n'
        'rejected by: test_visible.py::test_double_of_three\n"""\ndef double(x): return x + 2\n',
        encoding="utf-8",
    )
    answer = read_answer(path)
    assert answer.name == "adds_two"
    assert answer.sentence == "Adds two instead of doubling."
    assert answer.exercises == ("double",)
    assert answer.rejected_by == "test_visible.py::test_double_of_three"
    path.write_text('"""No header."""\n', encoding="utf-8")
    with pytest.raises(KataError, match="exercise: Name"):
        read_answer(path)
