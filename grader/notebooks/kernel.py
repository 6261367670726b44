"""What a notebook calls: `check` tries an exercise, `earlier` finds the chapters before this one.

`check` takes the code of the cells that were run, just as grading takes it out of the notebook that
is handed in, and runs the visible tests on it in a process of its own. So what it says is what
grading will say, and a cell that hangs or ends the process does no harm to the notebook.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..course import Chapter, Course, find_root, load_course
from ..errors import KataError, SubjectMissing, UsageError
from ..names import plain
from ..report import PASSED, Report, TestReport
from ..subject import MAX_SOURCE, Source, open_package, read_regular

PACKAGE = "chapters_before"
MAX_WORDS = 4_000  # characters of what is said about one test


class Checked:
    """What came of it, as a notebook shows it."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)

    def __repr__(self) -> str:
        return "\n".join(self.lines)


class NotYet(AssertionError):
    """Not every test passes; a notebook shows the sentences, and no traceback of ours."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def check(target: str, *, hidden: bool = False) -> Checked:
    """Run an exercise's visible tests on the cells that were run so far.

    Args:
        target: `ch03_attention.softmax`.
        hidden: The hidden tests too, judged; the learner's course does not hold them.

    Returns:
        The sentences of the tests, which the notebook shows.

    Raises:
        NotYet: A test does not pass.
        UsageError: There is no such exercise, or this is no notebook.
    """
    root = find_root()
    course = load_course(root / "exercises" / "course.toml")
    chapter, exercise = course.find(target)
    if exercise is None:
        raise UsageError(f"{target!r} is a chapter; name an exercise of it")
    report = _report(root, course, chapter, exercise.name, _cells_run(), hidden=hidden)
    lines = told(report.tests)
    if report.exit_code:
        raise NotYet("\n".join(lines))
    return Checked(lines)


def told(tests: Sequence[TestReport]) -> list[str]:
    """What a notebook says about an exercise's tests; of hidden ones the sentence, and no data."""
    lines = [f"{sum(t.verdict == PASSED for t in tests)} of {len(tests)} tests pass"]
    for test in tests:
        hidden = "" if test.visible else " (hidden)"
        lines.append(plain(f"{test.verdict}{hidden}  {test.sentence}", MAX_WORDS))
        if test.verdict != PASSED:
            lines += [f"    {line}" for line in plain(test.message, MAX_WORDS).split("\n")]
    return lines


def _cells_run() -> list[str]:
    """The sources of the cells that were run, oldest first."""
    shell: Any = None
    if ipython := sys.modules.get("IPython"):
        shell = ipython.get_ipython()
    if shell is None:
        raise UsageError("check() works in a notebook; elsewhere, run `kata check`")
    return [str(source) for source in shell.user_ns.get("In", [])]


def _report(
    root: Path, course: Course, chapter: Chapter, name: str, cells: Sequence[str], *, hidden: bool
) -> Report:
    from ..grading import Plan, check_here, grade
    from .cells import solution_pieces
    from .taking import take

    taken = take(cells, solution_pieces(root, chapter), chapter.name)
    with tempfile.TemporaryDirectory(prefix="kata-") as folder:
        subject = Path(folder)
        (subject / f"{chapter.name}.py").write_text(taken.text, encoding="utf-8", newline="\n")
        for source in _before(root, course, chapter):
            (subject / f"{source.name}.py").write_text(source.text, encoding="utf-8", newline="\n")
        plan = Plan(root, course, subject, (chapter,), name)
        return grade(plan) if hidden else check_here(plan)


def earlier(chapter: str) -> str:
    """Make the chapters before this one importable as `from .ch03_attention import …`.

    Args:
        chapter: The chapter of this notebook.

    Returns:
        The name of their package, for `__package__`.
    """
    root = find_root()
    course = load_course(root / "exercises" / "course.toml")
    open_package(_before(root, course, course.chapter(chapter)), PACKAGE)
    return PACKAGE


def _before(root: Path, course: Course, chapter: Chapter) -> list[Source]:
    """The earlier chapters: the reference's, else out of a notebook near by, else the stubs."""
    found = []
    for one in course.before(chapter.name):
        for read in (_reference, _notebook, _stub):
            if source := read(root, one):
                found.append(source)
                break
    return found


def _reference(root: Path, chapter: Chapter) -> Source | None:
    return _module(root / "solutions" / f"{chapter.name}.py")


def _stub(root: Path, chapter: Chapter) -> Source | None:
    return _module(root / "exercises" / f"{chapter.name}.py")


def _module(path: Path) -> Source | None:
    if not path.is_file():
        return None
    return Source(path.stem, path.read_text(encoding="utf-8"), str(path))


def _notebook(root: Path, chapter: Chapter) -> Source | None:
    """Out of `<chapter>.ipynb` beside this notebook, or in its own folder beside this one's."""
    from .cells import solution_pieces
    from .reading import MAX_NOTEBOOK, SUFFIX, module_in

    here = Path.cwd()
    for folder in (here, here.parent / chapter.name):
        path = folder / f"{chapter.name}{SUFFIX}"
        if path.is_file():
            try:
                data = read_regular(path, MAX_NOTEBOOK)
                text = module_in(data, chapter, solution_pieces(root, chapter)).decode()
            except (SubjectMissing, KataError):
                return None
            return Source(chapter.name, text[:MAX_SOURCE], str(path))
    return None
