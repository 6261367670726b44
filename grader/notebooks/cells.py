"""A chapter's module -> the pieces that become cells, and back.

Two blank lines separate the pieces, as they do the definitions of a formatted module. A piece is
one exercise with the helpers of its solution, or code that is given. Joined again, the pieces are
the module, character by character.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..course import Chapter
from ..errors import KataError, UsageError
from ..release import BEGIN, END, stub_of

GAP = "\n\n\n"


@dataclass(frozen=True)
class Piece:
    """One cell's code.

    Attributes:
        name: The exercise's name; of given code `given-1` and so on.
        given: Whether the learner gets it as it is.
        text: The reference's code.
        stub: What the learner starts from.
    """

    name: str
    given: bool
    text: str
    stub: str


def join(texts: Iterable[str]) -> str:
    """The module of some cells' texts."""
    return GAP.join(texts) + "\n"


def solution_pieces(root: Path, chapter: Chapter) -> tuple[Piece, ...]:
    """A chapter's pieces from the solutions, or where they are not there from the stubs.

    Raises:
        UsageError: There are neither.
    """
    for folder in ("solutions", "exercises"):
        path = root / folder / f"{chapter.name}.py"
        if path.is_file():
            return pieces_of(path.read_text(encoding="utf-8"), chapter)
    raise UsageError(f"{root} has neither solutions nor exercises of {chapter.name}")


def stub_cell(text: str, chapter: str) -> str:
    """The stub of one cell's code."""
    return stub_of(text, chapter).strip("\n")


def pieces_of(text: str, chapter: Chapter) -> tuple[Piece, ...]:
    """The pieces of a chapter's module.

    Args:
        text: The solution, or a stub, of which the pieces are their own stubs.
        chapter: The chapter.

    Raises:
        KataError: An exercise is not there, or not a piece of its own.
    """
    names = {e.name for e in chapter.exercises}
    found: list[tuple[str, list[str]]] = []  # an exercise's name, or nothing
    group: list[str] = []
    for block, defined in _blocks(text):
        group.append(block)
        lines = [line for one in group for line in one.splitlines()]
        here = defined & names
        if not found and BEGIN in lines:
            raise KataError(
                f"{chapter.name}: two blank lines must stand between what is given at the top and "
                f"{BEGIN}; put that region below a definition"
            )
        if lines.count(BEGIN) > lines.count(END):  # within a marked region of helpers
            continue
        if here:
            if len(here) > 1:
                raise KataError(f"{chapter.name}: {', '.join(sorted(here))} are one block of code")
            found.append((here.pop(), group))
        elif BEGIN in lines or (found and not defined and _only_comments(block)):
            continue  # belongs to what comes next
        else:
            found.append(("", group))
        group = []
    if group and found:  # helpers at the end belong to the exercise before
        found[-1][1].extend(group)
    if missing := names - {name for name, _ in found}:
        raise KataError(f"{chapter.name} has no {', '.join(sorted(missing))}")
    return tuple(_numbered(found, chapter.name))


def _numbered(found: list[tuple[str, list[str]]], chapter: str) -> Iterator[Piece]:
    given = 0
    for name, blocks in found:
        text = GAP.join(blocks)
        given += not name
        stub = stub_cell(text, chapter) if name else text
        yield Piece(name or f"given-{given}", not name, text, stub)


def _blocks(text: str) -> Iterator[tuple[str, set[str]]]:
    """What two blank lines at the top level separate, and the names that it defines."""
    lines = text.splitlines()
    inside = [False] * (len(lines) + 2)
    starts: dict[int, str] = {}
    for node in ast.parse(text).body:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        for number in range(first, (node.end_lineno or node.lineno) + 1):
            inside[number] = True
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            starts[first] = node.name
    block: list[str] = []
    defined: set[str] = set()
    blank = 0
    for number, line in enumerate(lines, 1):
        if not line.strip() and not inside[number]:
            blank += 1
            continue
        if blank >= 2 and block:
            yield "\n".join(block), defined
            block, defined = [], set()
        elif block:
            block += [""] * blank
        blank = 0
        block.append(line)
        if number in starts:
            defined = defined | {starts[number]}
    if block:
        yield "\n".join(block), defined


def _only_comments(block: str) -> bool:
    return all(not line or line.startswith("#") for line in block.splitlines())
