"""Generic mutants: what is changed, what survives, and what explains a survivor."""

import textwrap

import pytest

from grader.course import load_course
from grader.errors import KataError
from grader.mutants import audit_mutants, mutants_of

CHAPTER = textwrap.dedent(
    '''
    """A chapter."""
    from __future__ import annotations

    SIZE = 3


    def grow(x: int | None, by: int = 2) -> int | None:
        """The docstring says 1 + 1, and is left alone.

        Args:
            x: A number.
            by: Another.
        """
        given = 7 + 1
        ### BEGIN SOLUTION
        total: int | None = x
        for _ in range(by):
            total = total + 5
        return total if total is not None and total < 9 else None
        ### END SOLUTION
    '''
).lstrip()


def test_only_what_a_learner_writes_is_changed():
    """No annotation, no docstring, nothing outside the markers; one place in each mutant."""
    found = list(mutants_of(CHAPTER))
    assert {m.definition for m in found} == {"grow"}
    assert {m.line for m in found} == {
        "for _ in range(by):",
        "total = total + 5",
        "return total if total is not None and total < 9 else None",
    }
    for mutant in found:
        lines = zip(CHAPTER.splitlines(), mutant.text.splitlines(), strict=True)
        assert sum(a != b for a, b in lines) == 1, str(mutant)


def test_operators_and_constants_are_changed_one_at_a_time():
    """Arithmetic, comparisons, logic, numbers, loops."""
    becomes = {m.becomes for m in mutants_of(CHAPTER)}
    for text in (
        "total = total - 5",
        "total = total * 5",
        "total = total + 6",
        "total = total + 4",
        "for _ in []:",
        "return total if total is None and total < 9 else None",
        "return total if total is not None or total < 9 else None",
        "return total if total is not None and total <= 9 else None",
    ):
        assert text in {" ".join(b.split()) for b in becomes}, text
    assert not any("| 5" in text or " is 9" in text for text in becomes)


@pytest.fixture
def run(demo):
    """Runs the mutants of the demo course."""

    def runner():
        course = load_course(demo / "exercises" / "course.toml")
        return audit_mutants(demo, course.chapters, 0)[0]

    return runner


@pytest.fixture
def weak(demo):
    """The demo course with a visible test of `gelu` that looks at zeros only."""
    visible = demo / "tests" / "ch01_demo" / "test_visible.py"
    visible.write_text(visible.read_text().replace("torch.linspace(-3, 3, 7)", "torch.zeros(7)"))
    return demo


SURVIVOR = "gelu: return 0.5 * x * (1 + torch.erf(x / 2**0.5)) -> "


def test_what_the_suite_rejects_does_not_survive(run):
    """Every change of `double` and `gelu` is seen by the demo's suite."""
    found = run()
    assert found.made["double"] == found.rejected["double"] == 6
    assert found.made["gelu"] > 20
    assert found.survivors == []
    assert found.faults == []
    assert found.enough


def test_what_the_suite_misses_survives(weak, run):
    """With a weaker test, changes that only show away from zero are survivors."""
    found = run()
    left = {" ".join(str(m).split()) for m in found.survivors}
    assert SURVIVOR + "return 0.5 * x * (1 + torch.erf(x * 2**0.5))" in left
    assert not any(m.definition == "double" for m in found.survivors)
    assert not found.enough


def test_an_equivalent_mutant_is_explained(weak, run):
    """What is explained does not count against the suite; an explanation of nothing does."""
    path = weak / "tests" / "ch01_demo" / "equivalent.toml"
    left = run().survivors
    assert left
    tables = [
        f'[[equivalent]]\ndefinition = "{m.definition}"\nline = "{m.line}"\n'
        f'becomes = ["{m.becomes}"]\nwhy = "it is the same"\n'
        for m in left
    ]
    extra = '[[equivalent]]\ndefinition = "double"\nline = "x"\nbecomes = ["y"]\nwhy = "no"\n'
    path.write_text("\n".join([*tables, extra]), encoding="utf-8")
    found = run()
    assert found.survivors == []
    assert [why for _, why in found.explained] == ["it is the same"] * len(left)
    (fault,) = found.faults
    assert "explains what did not survive: double: x" in fault
    path.write_text('[[equivalent]]\ndefinition = "double"\n', encoding="utf-8")
    with pytest.raises(KataError, match="not in order"):
        run()
