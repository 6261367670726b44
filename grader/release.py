"""Solutions -> exercises: a stub is its twin without the marked bodies.

Bodies stand between `### BEGIN SOLUTION` and `### END SOLUTION`, nbgrader's own markers. Within a
function, the marked lines become `raise NotImplementedError("chapter.Name.method")`; elsewhere they
are dropped. What stands outside the markers is given, and stays.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from .course import Course
from .errors import KataError, UsageError
from .files import write_text

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


@dataclass(frozen=True)
class Released:
    """What became of one exercise file: "written", "same", "differs" or "kept"."""

    path: Path
    state: str


def stub_of(text: str, chapter: str) -> str:
    """The stub of a chapter's solution.

    Raises:
        KataError: A marker has no partner.
    """
    lines = text.splitlines()
    owners = _owners(ast.parse(text), chapter)
    kept: list[str] = []
    inside = False
    for number, line in enumerate(lines, 1):
        mark = line.strip()
        if mark in (BEGIN, END):
            if inside == (mark == BEGIN):
                raise KataError(f"{chapter}.py, line {number}: {mark} without its partner")
            inside = not inside
            if inside and (owner := _owner(owners, number)):
                kept.append(f'{line[: line.index("#")]}raise NotImplementedError("{owner}")')
        elif not inside:
            kept.append(line)
    if inside:
        raise KataError(f"{chapter}.py: {BEGIN} without its partner")
    stub = re.sub(r"\n{4,}", "\n\n\n", "\n".join(kept)).rstrip() + "\n"
    stub = re.sub(r"\n{3}(?= )", "\n\n", stub)  # where a helper within a class was dropped
    ast.parse(stub)
    return stub


def given_and_bodies(text: str) -> tuple[list[str], list[str]]:
    """The lines of a solution outside of the markers, and those between them."""
    given: list[str] = []
    bodies: list[str] = []
    inside = False
    for line in text.splitlines():
        mark = line.strip()
        if mark in (BEGIN, END):
            inside = mark == BEGIN
        else:
            (bodies if inside else given).append(line)
    return given, bodies


def needs_solutions(root: Path, command: str) -> None:
    """Refuse what a learner's repository cannot do.

    Raises:
        UsageError: The solutions are not in this checkout.
    """
    if not (root / "solutions").is_dir():
        raise UsageError(
            f"`kata {command}` needs the solutions and the hidden tests, which are not in this "
            "repository; `kata check` runs the visible tests"
        )


def _owners(tree: ast.Module, chapter: str) -> list[tuple[int, int, str]]:
    """First line, last line and dotted name of every function, outermost first."""
    found: list[tuple[int, int, str]] = []

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}"
                if isinstance(child, ast.FunctionDef):
                    found.append((child.lineno, child.end_lineno or child.lineno, name))
                else:
                    visit(child, name)

    visit(tree, chapter)
    return found


def _owner(owners: list[tuple[int, int, str]], line: int) -> str | None:
    return next((name for first, last, name in owners if first <= line <= last), None)


def unwritten(text: str) -> set[str]:
    """The dotted names for which a chapter still raises NotImplementedError."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return set()
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Raise(
                exc=ast.Call(
                    func=ast.Name(id="NotImplementedError"),
                    args=[ast.Constant(value=str() as name), *_],
                )
            ):
                found.add(name)
    return found


def release(
    root: Path, course: Course, *, check: bool = False, force: bool = False
) -> list[Released]:
    """Write the exercises of every chapter whose solution is there.

    An exercise file that somebody has begun to fill in is kept unless `force` is given.

    Args:
        root: The checkout.
        course: Its course.
        check: Only say what differs.
        force: Overwrite work too.
    """
    found = []
    for chapter in course.chapters:
        solution = root / "solutions" / f"{chapter.name}.py"
        try:
            stub = stub_of(solution.read_text(encoding="utf-8"), chapter.name)
        except FileNotFoundError:
            raise UsageError(f"{solution} is not there; kata release needs the solutions") from None
        path = root / "exercises" / f"{chapter.name}.py"
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if old == stub:
            state = "same"
        elif check:
            state = "differs"
        elif old is not None and not force and unwritten(stub) - unwritten(old):
            state = "kept"
        else:
            write_text(path, stub)
            state = "written"
        found.append(Released(path, state))
    return found
