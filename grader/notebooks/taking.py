"""The code cells of a notebook -> the chapter's module.

A notebook is not a module: it holds trials, prints, plots, magic lines and cells that were moved,
copied or deleted. Nothing is executed to find the module in it, and no metadata is believed:

- Given code is the course's own, whatever became of its cell.
- An exercise is the definition of that name; of several the last one that is written.
- Of everything else a statement counts only if it binds a name that an exercise uses.
- A cell that is not Python costs its own exercises, and the module says why when they are called.
"""

from __future__ import annotations

import ast
import contextlib
import re
import symtable
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..names import one_line
from ..release import unwritten
from .cells import Piece, join

MAX_ERRORS = 20  # magic lines that are found one by one; beyond, and in long cells, all at once
LONG = 100_000  # characters of a cell
MAX_STATEMENTS = 5_000  # of a notebook, at the top level
BODY_MAGICS = {"time", "timeit", "capture", "prun"}  # what follows them is Python
_BROKEN = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
_DEFINITION = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)", re.M)
_MAGIC = re.compile(r"^\s*([%!]|\w+\s*=\s*[%!])|^\s*\?|\?\s*$")


@dataclass(frozen=True)
class Taken:
    """What a notebook gives.

    Attributes:
        text: The module.
        notes: What was left out of a cell and why, by the cell's index.
    """

    text: str
    notes: dict[int, str]


@dataclass
class _Statement:
    """One top-level statement of a cell."""

    cell: int
    node: ast.stmt
    first: int
    last: int
    text: str
    binds: set[str]
    uses: set[str]  # global names, also of what is defined within
    at_once: set[str]  # those that are looked up when the statement runs
    dump: str
    kept: bool = False

    @property
    def defines(self) -> str:
        """The name of a function or a class."""
        node = self.node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return node.name
        return ""


@dataclass
class _Cells:
    """The cells as they are read."""

    texts: dict[int, str] = field(default_factory=dict)
    statements: list[_Statement] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)  # by name: why it cannot be read
    notes: dict[int, str] = field(default_factory=dict)


def take(cells: Sequence[str], pieces: Sequence[Piece], chapter: str) -> Taken:
    """The module of a notebook's code cells.

    Args:
        cells: Their sources, in the notebook's order.
        pieces: The chapter's pieces.
        chapter: Its name.
    """
    read = _Cells()
    for index, source in enumerate(cells):
        _read(index, source, read)
    given = [p for p in pieces if p.given]
    exercises = [p.name for p in pieces if not p.given]
    _choose(read, given, exercises, chapter)
    return Taken(join(_parts(read, pieces, exercises)), read.notes)


# Reading


def _read(index: int, source: str, read: _Cells) -> None:
    text = source.replace("\r\n", "\n").replace("\r", "\n").rstrip().lstrip("\ufeff\n")
    try:
        text, tree = _parse(text)
    except _BROKEN as error:
        why = _why(error)
        read.notes[index] = f"not read, because this is not Python: {why}"
        for name in _DEFINITION.findall(text):
            read.broken[name] = f"the cell that defines {name} is not Python: {why}"
        return
    read.texts[index] = text
    lines = text.split("\n")
    shared = False
    for number, node in enumerate(tree.body, 1):
        following = tree.body[number] if number < len(tree.body) else None
        if len(read.statements) >= MAX_STATEMENTS:
            read.notes[index] = f"the notebook has more than {MAX_STATEMENTS:,} statements"
            return
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        last = node.end_lineno or node.lineno
        segment = "\n".join(lines[first - 1 : last])
        before, shared = shared, following is not None and following.lineno <= last
        try:
            if before or shared:  # `a = 1; print(a)`
                segment = ast.unparse(node)
            compile(segment, "cell", "exec", dont_inherit=True)
            found = _names(segment)
            dump = ast.dump(node)
        except _BROKEN as error:
            name = getattr(node, "name", "")
            read.notes[index] = f"line {first} is left out: {_why(error)}"
            if name:
                read.broken[name] = f"{name} is not Python: {_why(error)}"
            continue
        statement = _Statement(index, node, first, last, segment, *found, dump)
        statement.binds |= _roots(node)
        read.statements.append(statement)


def _why(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        where = f"line {error.lineno}: " if error.lineno else ""
        return one_line(f"{where}{error.msg}", 200)
    if isinstance(error, RecursionError | MemoryError):
        return "it is nested too deeply"
    return one_line(str(error), 200)


def _parse(text: str) -> tuple[str, ast.Module]:
    """A cell's syntax, with magic lines made comments; the text keeps its lines."""
    first, _, rest = text.partition("\n")
    if first.startswith("%%"):
        name = re.match(r"%%(\w*)", first)
        if not name or name.group(1) not in BODY_MAGICS:
            raise SyntaxError(f"{one_line(first, 40)} is for another language or program")
        text = f"# {first}\n{rest}"
    for _ in range(MAX_ERRORS if len(text) <= LONG else 0):
        try:
            return text, ast.parse(text)
        except SyntaxError as error:
            lines = text.split("\n")
            number = (error.lineno or 0) - 1
            if not 0 <= number < len(lines) or not _MAGIC.search(lines[number]):
                raise
            lines[number] = _silenced(lines[number])
            text = "\n".join(lines)
    if len(text) > LONG:
        with contextlib.suppress(SyntaxError):
            return text, ast.parse(text)
    silenced = (_silenced(x) if _MAGIC.search(x) else x for x in text.split("\n"))
    text = "\n".join(silenced)
    return text, ast.parse(text)


def _silenced(line: str) -> str:
    """A magic line as one that does nothing, where a statement may be needed."""
    indent = line[: len(line) - len(line.lstrip())]
    return f"{indent}pass  # {line.strip()}"


def _names(segment: str) -> tuple[set[str], set[str], set[str]]:
    """Names that a statement binds, those it uses at all, and those it uses at once."""
    table = symtable.symtable(segment, "cell", "exec")
    binds, at_once = set(), set()
    for symbol in table.get_symbols():
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
            binds.add(symbol.get_name())
        if symbol.is_referenced():
            at_once.add(symbol.get_name())
    uses = set(at_once)
    waiting = list(table.get_children())
    while waiting:
        child = waiting.pop()
        uses |= {s.get_name() for s in child.get_symbols() if s.is_global()}
        if child.get_type() == "class":
            at_once |= {s.get_name() for s in child.get_symbols() if s.is_global()}
        waiting += child.get_children()
    return binds, uses, at_once


def _roots(node: ast.stmt) -> set[str]:
    """The names whose attribute or item an assignment sets: `Model.forward = forward`."""
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    found = set()
    for target in targets:
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name) and isinstance(
            node, ast.Assign | ast.AugAssign | ast.AnnAssign
        ):
            found.add(target.id)
    return found


# Choosing


def _choose(read: _Cells, given: Sequence[Piece], exercises: Sequence[str], chapter: str) -> None:
    """Mark what counts."""
    ours = [node for piece in given for node in ast.parse(piece.text).body]
    same = {ast.dump(node) for node in ours}
    fixed, needed = set[str](), set(exercises)
    for piece in given:
        binds, uses, _ = _names(piece.text)
        fixed |= binds
        needed |= uses
    rivals: dict[str, list[_Statement]] = {}
    chosen = {name: _last_written(read.statements, name, chapter) for name in exercises}
    for one in read.statements:
        if _is_future(one):
            one.kept = True
            continue
        if one.dump in same:
            continue  # the given code as it is
        importing = isinstance(one.node, ast.Import | ast.ImportFrom)
        if not importing and one.binds & fixed:
            names = one_line(", ".join(sorted(one.binds & fixed)), 100)
            read.notes.setdefault(one.cell, f"{names}: given code stays as it was given")
            continue
        if one.binds & set(exercises) and not _counts(one, chosen):
            continue
        for name in one.binds:
            rivals.setdefault(name, []).append(one)
        if _binds_all(one):
            rivals.setdefault("*", []).append(one)
    waiting = needed | {"*"}
    while waiting:
        for one in rivals.pop(waiting.pop(), ()):
            if not one.kept:
                one.kept = True
                waiting |= one.uses & rivals.keys()


def _binds_all(one: _Statement) -> bool:
    node = one.node
    return isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names)


def _last_written(statements: Iterable[_Statement], name: str, chapter: str) -> _Statement | None:
    """The definition of an exercise that counts."""
    found = [one for one in statements if one.defines == name]
    prefix = f"{chapter}.{name}"

    def rank(place: int) -> tuple[int, int]:
        left = [n for n in unwritten(found[place].text) if f"{n}.".startswith(f"{prefix}.")]
        return -len(left), place

    return found[max(range(len(found)), key=rank)] if found else None


def _counts(one: _Statement, chosen: dict[str, _Statement | None]) -> bool:
    """Whether a statement that binds an exercise's name is part of the module."""
    for name in one.binds & set(chosen):
        best = chosen[name]
        if best is None or one is best:
            continue
        if one.defines and name in best.at_once:  # class A(A): the earlier one is its base
            continue
        if not one.defines and _sets_part(one.node):  # A.forward = forward
            continue
        return False
    return True


def _sets_part(node: ast.stmt) -> bool:
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return all(isinstance(t, ast.Attribute | ast.Subscript) for t in targets)


# Writing


def _parts(read: _Cells, pieces: Sequence[Piece], exercises: Sequence[str]) -> Iterator[str]:
    """The module's parts: cells in the notebook's order, with ours in their places between."""
    kept: dict[int, list[_Statement]] = {}
    all_: dict[int, list[_Statement]] = {}
    for one in read.statements:
        all_.setdefault(one.cell, []).append(one)
        if one.kept:
            kept.setdefault(one.cell, []).append(one)
    there = {one.defines or name for one in read.statements if one.kept for name in one.binds}
    future = [one for ones in kept.values() for one in ones if _is_future(one)]
    order = {piece.name: number for number, piece in enumerate(pieces)}
    written = 0

    def ours(until: int) -> Iterator[str]:
        nonlocal written
        for number in range(written, until):
            piece = pieces[number]
            if piece.given:
                yield _with_future(piece.text, future) if number == 0 else piece.text
            elif piece.name not in there:
                yield _absent(piece, read.broken.get(piece.name, ""))
        written = max(written, until)

    yield from ours(1)
    for index, ones in sorted(kept.items()):
        names = {name for one in ones for name in one.binds} & set(exercises)
        yield from ours(max((order[name] for name in names), default=0))
        if text := _text(read, index, all_[index]):
            yield text
    yield from ours(len(pieces))


def _is_future(one: _Statement) -> bool:
    return isinstance(one.node, ast.ImportFrom) and one.node.module == "__future__"


def _with_future(header: str, future: Sequence[_Statement]) -> str:
    """`from __future__` must stand right behind the docstring."""
    if not future:
        return header
    body = ast.parse(header).body
    at = (body[0].end_lineno or 0) if ast.get_docstring(ast.parse(header)) else 0
    lines = header.split("\n")
    return "\n".join([*lines[:at], "", *(one.text for one in future), *lines[at:]])


def _text(read: _Cells, index: int, alike: Sequence[_Statement]) -> str:
    """What counts of a cell: all of it as it is, or the statements that count."""
    kept = [one for one in alike if one.kept and not _is_future(one)]
    if len(kept) == len(alike) and index not in read.notes:
        return read.texts[index]
    lines = read.texts[index].split("\n")
    if any("\n".join(lines[one.first - 1 : one.last]) != one.text for one in kept):
        return "\n".join(one.text for one in kept)  # several on a line
    wanted = {number for one in kept for number in range(one.first, one.last + 1)}
    code = {number for node in alike for number in range(node.first, node.last + 1)}
    texts = [x for n, x in enumerate(lines, 1) if n in wanted or (n not in code and _quiet(x))]
    return "\n".join(texts).strip("\n")


def _quiet(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _absent(piece: Piece, why: str) -> str:
    """In place of an exercise that is not there: its stub, or one that says what is wrong."""
    if not why:
        return piece.stub
    (node, *_) = [n for n in ast.parse(piece.stub).body if getattr(n, "name", "") == piece.name]
    body = f"raise SyntaxError({why!r})"
    if isinstance(node, ast.ClassDef):
        return f"class {piece.name}:\n    def __init__(self, *_, **__):\n        {body}"
    return f"def {piece.name}(*_, **__):\n    {body}"
