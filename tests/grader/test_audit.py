"""The audit finds what it is there to find."""

import pytest

from grader.audit import audit
from grader.course import load_course
from grader.errors import KataError
from grader.overlay import Answer, together

WRONG = {
    "adds_two": ("double", "test_visible.py::test_double_of_three", "return x + 2"),
    "even_only": ("double", "test_hidden.py::test_double_of_any_number", "return 6 + 0 * x"),
    "triples": ("quadruple", "test_visible.py::test_quadruple_of_three", "return 3 * x"),
    "whole_numbers": ("quadruple", "test_hidden.py::test_quadruple_of_a_tensor", "return 12"),
    "library": ("gelu", "test_visible.py::test_gelu_is_written_from_scratch", "return x.relu()"),
    "zeros": ("gelu", "test_hidden.py::test_gelu_of_large_numbers", "return 0 * x"),
}


def write(folder, name, exercise, test, body):
    folder.mkdir(parents=True, exist_ok=True)
    rejected = f"rejected by: {test}\n" if test else ""
    text = f'"""Says why.\n\nexercise: {exercise}\n{rejected}"""\ndef {exercise}(x):\n    {body}\n'
    (folder / f"{name}.py").write_text(text, encoding="utf-8")


@pytest.fixture
def proved(demo):
    """A demo course whose audit is without a fault, and a way to run it."""
    home = demo / "tests" / "ch01_demo"
    for name, (exercise, test, body) in WRONG.items():
        write(home / "wrong", name, exercise, test, body)
    write(home / "right", "shifted", "double", "", "return x * 2")

    def run():
        course = load_course(demo / "exercises" / "course.toml")
        return audit(demo, course, course.chapters, 0)[0]

    return home, run


def test_a_proved_course_has_no_fault(proved):
    _, run = proved
    found = run()
    assert found.faults == []
    assert (found.tests, found.wrong, found.rejected, found.right) == (6, 6, 6, 1)
    assert found.by_exercise == {"double": (2, 2), "quadruple": (2, 2), "gelu": (2, 2)}
    assert all(found.kills.values())


def test_a_wrong_answer_that_passes_its_test_is_found(proved):
    home, run = proved
    write(home / "wrong", "right_after_all", "double", WRONG["adds_two"][1], "return 2 * x")
    write(home / "wrong", "other_test", "double", WRONG["adds_two"][1], "return 6 + 0 * x")
    found = run()
    assert (found.wrong, found.rejected) == (8, 6)
    assert any("right_after_all.py passes" in f and "no test at all" in f for f in found.faults)
    assert any("other_test.py passes" in f and "any_number" in f for f in found.faults)


def test_a_test_that_rejects_nothing_is_found(proved):
    home, run = proved
    (home / "wrong" / "zeros.py").unlink()
    (home / "wrong" / "library.py").unlink()
    faults = run().faults
    assert "ch01_demo: test_hidden.py::test_gelu_of_large_numbers rejects no wrong answer" in faults


def test_a_test_that_a_stub_passes_is_found(proved):
    home, run = proved
    suite = home / "test_hidden.py"
    lax = '\n\n@pytest.mark.exercise("double")\ndef test_lax(chapter):\n    """Lax."""\n    pass\n'
    suite.write_text(suite.read_text(encoding="utf-8") + lax, encoding="utf-8")
    faults = run().faults
    idle = "the stub of ch01_demo.double is PASSED in test_hidden.py::test_lax, not FAILED"
    assert idle in faults


def test_a_right_alternative_that_fails_is_found(proved):
    home, run = proved
    write(home / "right", "broken", "double", "", "return x + 2")
    faults = run().faults
    for mode in ("here", "judged"):
        assert any(f"right/broken, {mode} does not pass" in fault for fault in faults)
    judged = [fault for fault in faults if ", judged" in fault]
    assert judged
    assert not any("right/shifted" in fault for fault in judged)  # met the tests beside it


def test_right_alternatives_that_fail_only_together_are_found(proved):
    home, run = proved
    (home / "right" / "shifted.py").unlink()
    write(home / "right", "marked", "double", "", "return x * 2\nMARK = 1")
    write(home / "right", "unlucky", "quadruple", "", "return 4 * x - int('MARK' in globals())")
    faults = run().faults
    words = "ch01_demo: right together 1 (marked, unlucky) does not pass"
    assert faults
    assert all(fault.startswith(words) for fault in faults)


def test_alternatives_stand_together_unless_a_name_means_two_things():
    texts = {
        "a": "import math\nimport torch.nn as nn\ndef f(): pass",
        "b": "import math\ndef g(): pass",
        "c": "def f(): return 1",
        "d": "from torch import nn\ndef h(): pass",
        "e": "import math\ndef _help(): pass\ndef k(): pass",
        "f": "def _help(): return 1\ndef m(): pass",
    }
    groups = together(Answer(name, "", (), "", text) for name, text in texts.items())
    assert [[answer.name for answer in group] for group in groups] == [
        ["a", "b", "e"],
        ["c", "d", "f"],
    ]


@pytest.mark.parametrize(
    ("exercise", "test", "words"),
    [
        ("double", "test_visible.py::test_nowhere", "which is not there"),
        ("double", "test_visible.py::test_quadruple_of_three", "names a test of quadruple"),
        ("nothing", "test_visible.py::test_double_of_three", "has no exercise 'nothing'"),
    ],
)
def test_a_wrong_answer_must_name_a_test_of_its_own_exercise(proved, exercise, test, words):
    home, run = proved
    write(home / "wrong", "misnamed", exercise, test, "return 0")
    with pytest.raises(KataError, match=words):
        run()
