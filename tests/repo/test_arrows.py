"""Which way things may depend (DESIGN, section 4), read from every import in the project."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(p.stem for p in (ROOT / "solutions").glob("*.py"))
# What a chapter may import beside torch and the standard library, and why.
ALLOWED = {"ch02_text": {"regex", "tiktoken"}}  # GPT-2's split pattern; the default tokenizer


def imports(path):
    """(level, module, names) of every import in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name, []
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", [alias.name for alias in node.names]


def order(chapter):
    """The order of teaching."""
    names = [
        line.split('"')[1]
        for line in (ROOT / "exercises" / "course.toml").read_text(encoding="utf-8").splitlines()
        if line.startswith('name = "') and line.split('"')[1] in CHAPTERS
    ]
    return names.index(chapter)


@pytest.mark.parametrize("folder", ["solutions", "exercises"])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_imports_torch_the_standard_library_and_earlier_chapters(folder, chapter):
    for level, module, names in imports(ROOT / folder / f"{chapter}.py"):
        if level:
            assert level == 1
            for name in [module] if module else names:
                assert order(name) < order(chapter), f"{chapter} imports {name}"
        else:
            top = module.split(".")[0]
            free = {"torch", *sys.stdlib_module_names, *ALLOWED.get(chapter, ())}
            assert top in free, f"{chapter} imports {top}"


@pytest.mark.parametrize("path", sorted((ROOT / "grader").rglob("*.py")), ids=lambda p: p.name)
def test_the_grader_knows_chapters_only_as_paths(path):
    if path.name == "main_part.py":  # a text that becomes part of a built gpt2.py
        return
    for _, module, names in imports(path):
        for name in (module, *names):
            assert name.split(".")[0] not in {"exercises", "solutions", "tests", *CHAPTERS}


@pytest.mark.parametrize("path", sorted((ROOT / "tests").glob("*_*/*.py")), ids=str)
def test_a_suite_sees_code_only_through_its_fixtures(path):
    for level, module, _ in imports(path):
        assert level == 0
        assert module.split(".")[0] not in {"grader", "exercises", "solutions", "tests", *CHAPTERS}


LIGHT = (
    *("errors", "course", "subject", "report", "release", "overlay", "judge", "grading"),
    *("cli/__init__", "cli/app", "cli/showing", "cli/learner", "cli/judging", "cli/making"),
    *("cli/models", "cli/classroom"),
    *("seam/sandbox", "seam/measures", "seam/seccomp"),
    *("names", "handin", "store", "batch", "collect"),
    *("leaks", "bundle", "autograder", "workflows"),
    *(f"notebooks/{name}" for name in ("__init__", "cells", "taking", "reading", "kernel")),
)


@pytest.mark.parametrize("name", LIGHT)
def test_what_every_command_imports_is_light(name):
    path = ROOT / "grader" / f"{name}.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            text = ast.unparse(node)
            assert "torch" not in text
            assert "pytest" not in text
            allowed = {"from .seam import measures"}  # the rest of the seam imports torch
            allowed |= {f"from .seam.{light}" for light in ("sandbox", "measures", "seccomp")}
            assert ".seam" not in text or any(text.startswith(a) for a in allowed)


def test_only_the_commands_print_and_exit():
    for path in (ROOT / "grader").rglob("*.py"):
        if path.parent.name == "cli" or path.name in {"main_part.py", "child.py"}:  # programs
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"print", "sys.exit", "exit"}, f"{path.name}: {called}"


def test_no_pickle_anywhere():
    """A worker may read compiled code: it is the subject's, and so is the worker."""
    for path in (ROOT / "grader").rglob("*.py"):
        found = {module.split(".")[0] for _, module, _ in imports(path)}
        assert not found & {"pickle", "shelve", "dill"}
        assert "marshal" not in found or path == ROOT / "grader" / "seam" / "worker.py"
