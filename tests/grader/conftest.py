"""A course of one small chapter, and processes that several tests share."""

import textwrap
from pathlib import Path

import pytest

from grader.course import Course, load_course
from grader.judge import Judge
from grader.release import stub_of
from grader.seam.remote import Nursery

CHAPTER = "ch01_demo"

COURSE = """
schema = 1
title = "Demo"

[rules.gelu]
says = "write gelu yourself"
operators = ["gelu"]
composites = ["torch.nn.GELU"]

[[chapters]]
name = "ch01_demo"
title = "Demo"
sections = "1.1"

[[chapters.exercises]]
name = "double"
points = 3
hints = ["add it to itself"]

[[chapters.exercises]]
name = "quadruple"
points = 3
needs = ["double"]

[[chapters.exercises]]
name = "gelu"
points = 2
rules = ["gelu"]
"""

SOLUTION = '''
"""The demo chapter."""

import torch


def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION


def quadruple(x):
    """Four times x."""
    ### BEGIN SOLUTION
    return double(double(x))
    ### END SOLUTION


def gelu(x):
    """GELU, exact."""
    ### BEGIN SOLUTION
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
    ### END SOLUTION
'''

VISIBLE = '''
"""Visible."""

import pytest
import torch


@pytest.mark.exercise("double")
def test_double_of_three(chapter, probe):
    """double(3) is 6."""
    probe.assert_close(chapter.double(torch.full((2, 3), 3.0)), torch.full((2, 3), 6.0), "double")


@pytest.mark.exercise("quadruple")
def test_quadruple_of_three(chapter):
    """quadruple(3) is 12."""
    found = chapter.quadruple(3)
    assert found == 12, f"quadruple(3) is {found}, expected 12"


@pytest.mark.exercise("gelu")
def test_gelu_is_written_from_scratch(chapter, probe):
    """GELU is built from scratch."""
    x = torch.linspace(-3, 3, 7)
    expected = torch.nn.functional.gelu(x)
    probe.assert_from_scratch(chapter.gelu, x)
    probe.assert_close(chapter.gelu(x), expected, "gelu(x)")
'''

HIDDEN = '''
"""Hidden."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.exercise("double")
@given(x=st.integers(-1000, 1000))
def test_double_of_any_number(chapter, x):
    """double(x) is 2 x for any number."""
    secret = 2 * x
    assert chapter.double(x) == secret


@pytest.mark.exercise("quadruple")
def test_quadruple_of_a_tensor(chapter, probe):
    """quadruple(x) is 4 x for tensors."""
    x = torch.randn(2, 3)
    probe.assert_close(chapter.quadruple(x), 4 * x)


@pytest.mark.exercise("gelu")
def test_gelu_of_large_numbers(chapter, probe):
    """GELU of a large number is the number."""
    probe.assert_close(chapter.gelu(torch.tensor([50.0])), torch.tensor([50.0]))
'''


def write_demo(root: Path) -> Path:
    """The demo course as a checkout under `root`."""
    files = {
        "exercises/course.toml": COURSE,
        f"solutions/{CHAPTER}.py": SOLUTION,
        f"exercises/{CHAPTER}.py": stub_of(SOLUTION.lstrip(), CHAPTER),
        f"tests/{CHAPTER}/test_visible.py": VISIBLE,
        f"tests/{CHAPTER}/test_hidden.py": HIDDEN,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    return root


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A checkout of the demo course that the test may change."""
    return write_demo(tmp_path / "demo")


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of the demo course that no test changes."""
    return write_demo(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def demo_course(demo_root: Path) -> Course:
    return load_course(demo_root / "exercises" / "course.toml")


@pytest.fixture(scope="session")
def judge(demo_root: Path):
    """A judge with the demo suites, for many jobs."""
    with Judge(demo_root, [CHAPTER], seed=0) as running:
        yield running


@pytest.fixture(scope="session")
def nursery():
    running = Nursery()
    yield running
    running.close()


@pytest.fixture
def chapter_text():
    """Dedented text of a chapter."""
    return lambda text: textwrap.dedent(text).lstrip()
