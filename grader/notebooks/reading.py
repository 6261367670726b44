"""A file that claims to be a notebook -> its cells, or one sentence that says why there are none.

The file is a stranger's: it is read up to a size, as data. Outputs, metadata and attachments are
left where they are; of a cell, nothing is taken but its kind, its source and its nbgrader name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..course import Chapter, Course
from ..errors import SubjectMissing, UsageError
from ..names import one_line
from ..subject import MAX_SOURCE
from .cells import Piece, solution_pieces
from .taking import Taken, take

MAX_NOTEBOOK = 16 << 20  # bytes; outputs and pictures count
MAX_CELLS = 5_000
SUFFIX = ".ipynb"


@dataclass(frozen=True)
class Cell:
    """What is taken of a cell: its kind ("code" or another), its source, its nbgrader name."""

    kind: str
    source: str
    grade_id: str = ""


def cells_of(data: bytes, name: str) -> list[Cell]:
    """The cells of a notebook.

    Args:
        data: The file's bytes.
        name: How to call it.

    Raises:
        SubjectMissing: It is no notebook that can be read.
        UsageError: The library that reads notebooks is not installed.
    """
    try:
        import nbformat
        from nbformat import reader
    except ImportError:
        raise UsageError("notebooks need nbformat: pip install 'llm-kata[nbgrader]'") from None
    if len(data) > MAX_NOTEBOOK:
        raise SubjectMissing(f"{name} is larger than {MAX_NOTEBOOK:,} bytes; clear its outputs")
    if not data.strip():
        raise SubjectMissing(f"{name} is empty; save the notebook and hand it in again")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SubjectMissing(f"{name} is not UTF-8 text (byte {error.start})") from None
    try:
        notebook = reader.reads(text)
    except reader.NotJSONError:
        raise SubjectMissing(f"{name} is not JSON, so not a notebook; save it again") from None
    except Exception as error:  # noqa: BLE001 - a stranger's JSON may raise anything
        raise SubjectMissing(f"{name} is not a notebook ({_words(error)})") from None
    try:
        found = nbformat.convert(notebook, 4)["cells"]
        cells = [_cell(cell) for cell in found[: MAX_CELLS + 1]]
    except Exception as error:  # noqa: BLE001 - likewise
        raise SubjectMissing(f"{name}: its cells cannot be read ({_words(error)})") from None
    if len(cells) > MAX_CELLS:
        raise SubjectMissing(f"{name} has more than {MAX_CELLS:,} cells")
    if sum(len(cell.source) for cell in cells) > MAX_SOURCE:
        raise SubjectMissing(f"{name}: its cells hold more than {MAX_SOURCE:,} characters")
    return cells


def chapter_in(cells: Sequence[Cell], chapter: Chapter, pieces: Sequence[Piece]) -> Taken:
    """The chapter's module, and what was left out by the cell's place in `cells`.

    A cell of an exercise that became text is code all the same.
    """
    names = {e.name for e in chapter.exercises}
    code = [n for n, cell in enumerate(cells) if cell.kind == "code" or cell.grade_id in names]
    taken = take([cells[n].source for n in code], pieces, chapter.name)
    return Taken(taken.text, {code[n]: note for n, note in taken.notes.items()})


def module_in(data: bytes, chapter: Chapter, pieces: Sequence[Piece]) -> bytes:
    """The chapter's module, out of a notebook's bytes.

    Raises:
        SubjectMissing: It is no notebook that can be read.
    """
    cells = cells_of(data, f"{chapter.name}{SUFFIX}")
    return chapter_in(cells, chapter, pieces).text.encode()


def taker(root: Path, course: Course) -> Callable[[str, bytes], bytes]:
    """What takes a chapter's module, by the chapter's name, out of its notebook's bytes."""
    pieces: dict[str, tuple[Piece, ...]] = {}

    def taken(name: str, data: bytes) -> bytes:
        chapter = course.chapter(name)
        if name not in pieces:
            pieces[name] = solution_pieces(root, chapter)
        return module_in(data, chapter, pieces[name])

    return taken


def _cell(cell: Any) -> Cell:
    source = cell["source"]
    if not isinstance(source, str):
        source = "".join(map(str, source))
    marks = cell.get("metadata", {})
    marks = marks.get("nbgrader", {}) if isinstance(marks, dict) else {}
    name = marks.get("grade_id", "") if isinstance(marks, dict) else ""
    return Cell(str(cell["cell_type"]), source, name if isinstance(name, str) else "")


def _words(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}", 100)
