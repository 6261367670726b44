"""Solutions -> a course for nbgrader: a notebook a chapter, and nbgrader_config.py.

In a source notebook stand, for each exercise, what its docstring says, its solution between
nbgrader's markers, and a cell that is graded: the visible tests, and between the markers of hidden
tests a call for all of them. That cell holds no data of a test; it only names the exercise.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..course import Chapter, Course, Exercise
from ..errors import UsageError
from ..files import write_text
from .cells import Piece, solution_pieces
from .reading import SUFFIX

BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
CONFIG = "nbgrader_config.py"
COURSE = "llm_kata"  # the course's id in a gradebook
_SECTION = re.compile(r"^(Args|Returns|Raises|Yields|Attributes|Example|Examples|References):$")
_ENTRY = re.compile(r"^(\*{0,2}\w[\w, *.]*): (.*)$")
_KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}


@dataclass(frozen=True)
class Made:
    """What became of one file: "written", "same" or "kept"."""

    path: Path
    state: str


def make(
    root: Path,
    course: Course,
    chapters: Sequence[Chapter],
    to: Path,
    *,
    seed: int = 0,
    force: bool = False,
) -> list[Made]:
    """Write a course for nbgrader; a notebook or a configuration that was changed is kept.

    Args:
        root: The checkout with exercises/, solutions/ and tests/.
        course: Its course.
        chapters: Which chapters become assignments.
        to: The course's folder; it is made.
        seed: The grading seed, which goes into the configuration.
        force: Overwrite what was changed.

    Raises:
        UsageError: There are no solutions, or the libraries are not installed.
    """
    if importlib.util.find_spec("nbgrader") is None:
        raise UsageError("this needs nbgrader: pip install 'llm-kata[nbgrader]'")
    import nbformat

    if not (root / "solutions").is_dir():
        raise UsageError(f"{root / 'solutions'} is not there; notebooks are made from solutions")
    if to.exists() and not to.is_dir():
        raise UsageError(f"{to} is a file; name a folder for the course")
    files = {to / CONFIG: configuration(root, seed)}
    for chapter in chapters:
        notebook = source_notebook(chapter, solution_pieces(root, chapter))
        path = to / "source" / chapter.name / f"{chapter.name}{SUFFIX}"
        files[path] = nbformat.writes(notebook) + "\n"
    return [_write(path, text, force=force) for path, text in files.items()]


def _write(path: Path, text: str, *, force: bool) -> Made:
    old = path.read_text(encoding="utf-8") if path.is_file() else None
    if old == text:
        return Made(path, "same")
    if old is not None and not force:
        return Made(path, "kept")
    try:
        write_text(path, text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror})") from None
    return Made(path, "written")


def configuration(root: Path, seed: int) -> str:
    """The text of nbgrader_config.py."""
    return f"""# Written by `kata notebooks` ({__version__}). Add what your course needs below.
from grader.notebooks.pipeline import configure

c = get_config()
c.CourseDirectory.course_id = {COURSE!r}

# Stubs that name their exercise; submissions are read as data and judged in the sandbox; scores and
# sentences are the judge's. `root` is the checkout with exercises/, solutions/ and tests/.
configure(c, root={str(root.resolve())!r}, seed={seed})
"""


def source_notebook(chapter: Chapter, pieces: Sequence[Piece]) -> Any:
    """The instructor's notebook of a chapter."""
    from nbformat import v4

    header = pieces[0].text
    intro = markdown(ast.get_docstring(ast.parse(header)) or "")
    title = f"# {chapter.title}\n\n{intro}\n\n{_HOW.format(points=_points(chapter))}"
    cells = [_markdown("intro", title)]
    cells.append(_code("setup", setup(chapter, header), locked=True))
    for piece in pieces:
        if piece.given:
            cells.append(_code(piece.name, piece.text, locked=True))
            continue
        exercise = chapter.exercise(piece.name)
        cells.append(_markdown(f"about-{piece.name}", about(exercise, piece)))
        cells.append(_code(piece.name, piece.text, solution=True))
        cells.append(
            _code(test_name(piece.name), test_cell(exercise), grade=True, points=exercise.points)
        )
    return v4.new_notebook(cells=cells, metadata=_KERNEL)


_HOW = """The code cells are the chapter: write each exercise in its own cell. The cell below it
runs its visible tests, as often as you like; graded is what stands in the notebook that you hand
in. Helpers and imports of your own count where an exercise uses them; trials do not count.
{points} points in all."""


def _points(chapter: Chapter) -> int:
    return sum(e.points for e in chapter.exercises)


def setup(chapter: Chapter, header: str) -> str:
    """The cell that makes `check` and the earlier chapters available."""
    relative = any(isinstance(n, ast.ImportFrom) and n.level for n in ast.parse(header).body)
    if not relative:
        return "# Run this first.\nfrom grader.notebooks import check"
    return (
        "# Run this first. The second line finds the chapters before this one.\n"
        "from grader.notebooks import check, earlier\n\n"
        f'__package__ = earlier("{chapter.name}")'
    )


def about(exercise: Exercise, piece: Piece) -> str:
    """The explanation of an exercise, out of its docstrings."""
    node = next(n for n in ast.parse(piece.stub).body if getattr(n, "name", "") == piece.name)
    doc = ast.get_docstring(node) if isinstance(node, ast.FunctionDef | ast.ClassDef) else ""
    points = f"{exercise.points} point{'s' if exercise.points > 1 else ''}"
    parts = [f"## {_escaped(exercise.name)} ({points})", markdown(doc or "")]
    for rule in exercise.rules:
        parts.append(f"**From scratch:** {_escaped(rule.says)}.")
    for inner in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(inner, ast.FunctionDef) and (words := ast.get_docstring(inner)):
            parts.append(
                f"### {_escaped(exercise.name)}.{_escaped(inner.name)}\n\n{markdown(words)}"
            )
    return "\n\n".join(parts)


def test_name(exercise: str) -> str:
    """The nbgrader name of the cell that is graded for an exercise."""
    return f"test-{exercise}"


def test_cell(exercise: Exercise) -> str:
    """The cell that is graded."""
    return (
        f'check("{exercise.id}")\n{BEGIN_HIDDEN}\ncheck("{exercise.id}", hidden=True)\n{END_HIDDEN}'
    )


def markdown(docstring: str) -> str:
    """A docstring as Markdown: prose, lists of arguments, and examples as they were laid out."""
    parts: list[str] = []
    section, lines = "", list[str]()
    for line in [*inspect.cleandoc(docstring).splitlines(), "Example:"]:
        if match := _SECTION.match(line):
            parts += _section(section, lines)
            section, lines = match.group(1), []
        else:
            lines.append(line)
    return "\n\n".join(parts)


def _section(name: str, lines: list[str]) -> list[str]:
    text = inspect.cleandoc("\n".join(["", *lines])).strip("\n")
    if not text.strip():
        return []
    if not name:
        return [_escaped(text)]
    if name.startswith("Example"):
        return [f"**{name}**", f"```text\n{text}\n```"]
    entries = _entries(text) if name in ("Args", "Attributes", "Raises") else []
    if not entries:
        return [f"**{name}**", _escaped(text)]
    return [f"**{name}**", "\n".join(f"- `{k}`: {_escaped(v)}" for k, v in entries)]


def _entries(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if match := _ENTRY.match(line):
            found.append((match.group(1), match.group(2)))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        else:
            return []
    return found


def _escaped(text: str) -> str:
    """Plain words in Markdown; what is `code` or *stressed* stays so."""
    parts = re.split(r"(`[^`]*`|(?<!\S)\*\w[^*\n]*\w\*(?!\w))", text)
    special = r"([\\*<$\[\]]|(?<!\w)_|_(?!\w))"
    return "".join(
        part if number % 2 else re.sub(special, r"\\\1", part) for number, part in enumerate(parts)
    )


def _markdown(name: str, source: str) -> Any:
    from nbformat import v4

    return v4.new_markdown_cell(source, id=name)


def _code(
    name: str,
    source: str,
    *,
    locked: bool = False,
    solution: bool = False,
    grade: bool = False,
    points: int | None = None,
) -> Any:
    from nbformat import v4

    marks: dict[str, Any] = {
        "schema_version": 3,
        "grade_id": name,
        "grade": grade,
        "locked": locked or grade,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        marks["points"] = points
    return v4.new_code_cell(source, id=name[:64], metadata={"nbgrader": marks})
