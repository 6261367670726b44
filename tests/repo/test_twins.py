"""Exercises are their solutions without the bodies; the manifest says what is there."""

import ast
from pathlib import Path

import pytest

from grader.course import load_course
from grader.release import stub_of, unwritten

ROOT = Path(__file__).resolve().parents[2]
COURSE = load_course(ROOT / "exercises" / "course.toml")
CHAPTERS = [c.name for c in COURSE.chapters]


def text(folder, chapter):
    return (ROOT / folder / f"{chapter}.py").read_text(encoding="utf-8")


def surface(source):
    """Public names with their signatures and docstrings."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            functions = [n for n in node.body if isinstance(n, ast.FunctionDef)]
            methods = [f for f in functions if f.name[0] != "_" or f.name.startswith("__")]
            parts = [node] if isinstance(node, ast.FunctionDef) else methods
            found[node.name] = (
                ast.get_docstring(node),
                [(p.name, ast.unparse(p.args), ast.get_docstring(p)) for p in parts],
            )
    return found


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_exercise_is_what_release_makes(chapter):
    assert text("exercises", chapter) == stub_of(text("solutions", chapter), chapter)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_twins_have_one_surface(chapter):
    assert surface(text("exercises", chapter)) == surface(text("solutions", chapter))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_of_the_manifest_is_a_stub(chapter):
    stubs = {name.split(".")[1] for name in unwritten(text("exercises", chapter))}
    assert {e.name for e in COURSE.chapter(chapter).exercises} <= stubs


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_states_shapes_result_and_source(chapter):
    found = surface(text("solutions", chapter))
    for exercise in COURSE.chapter(chapter).exercises:
        doc, methods = found[exercise.name]
        whole = "\n".join([doc or "", *(m[2] or "" for m in methods)])
        for part in ("Example", "References:"):
            assert part in whole, f"{exercise.id} has no {part}"
        assert any(word in whole for word in ("Args:", "Returns:")), exercise.id


@pytest.mark.parametrize("folder", ["exercises", "solutions", "tests"])
def test_no_chapter_lies_beside_the_manifest(folder):
    pattern = "*" if folder == "tests" else "*.py"
    there = {p.stem for p in (ROOT / folder).glob(pattern)}
    there -= {"course", "data", "grader", "repo", "conftest", "__pycache__"}
    assert there == set(CHAPTERS)


def test_every_exercise_has_a_hint_and_the_points_its_effort():
    for chapter in COURSE.chapters:
        for exercise in chapter.exercises:
            assert exercise.hints, exercise.id
