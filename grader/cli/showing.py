"""What several commands show on the terminal, and the options that they share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .app import no_command

if TYPE_CHECKING:
    from rich.console import Console

    from ..course import Chapter, Course
    from ..report import Report, TestReport


Progress = Callable[[int, int, str], None]


def course_of(root: Path) -> Course:
    """The course of a checkout."""
    from ..course import load_course

    return load_course(root / "exercises" / "course.toml")


def selected(course: Course, names: list[str]) -> tuple[Chapter, ...]:
    """The chapters that were named, in the course's order; all if none was."""
    chosen = [course.chapter(name) for name in names]
    return tuple(c for c in course.chapters if not names or c in chosen)


def new_console(*, stderr: bool = False) -> Console:
    """A terminal on which no text is markup."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextmanager
def progress_bar(what: str, *, left: bool = False) -> Iterator[Progress]:
    """A progress bar on a terminal, with the time that is left if asked; nothing in a pipe."""
    console = new_console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total, text: None
        return
    from rich import progress as bars

    columns: list[bars.ProgressColumn] = [
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        *([bars.MofNCompleteColumn()] if left else []),
        bars.TextColumn("{task.fields[now]}", markup=False),
        bars.TimeElapsedColumn(),
        *([bars.TextColumn("left:"), bars.TimeRemainingColumn()] if left else []),
    ]
    bar = bars.Progress(*columns, console=console, transient=True)
    task = bar.add_task(what, total=None, now="")
    with bar:
        yield lambda done, total, text: bar.update(task, completed=done, total=total, now=text)


def watch_records(progress: Progress) -> Callable[[dict[str, Any]], None]:
    """Shows tests' records, as they come, on a progress bar."""
    seen = 0

    def watch(record: dict[str, Any]) -> None:
        nonlocal seen
        seen += 1
        progress(seen, 0, f"{record['chapter']}.{record['exercise']}")

    return watch


STYLES = {"PASSED": "green", "FAILED": "red", "SKIPPED": "yellow", "UNJUDGED": "magenta"}


def show_test(console: Console, chapter: str, exercise: str, test: TestReport) -> None:
    """Print one test: its verdict, its sentence, and what went wrong."""
    console.print(f"{test.verdict} {chapter}.{exercise}", style=STYLES[test.verdict], end=" ")
    console.print(test.id, style="dim")
    console.print(f"  {test.sentence}")
    # A runner obeys lines that begin with `::`, and `##[` anywhere; a learner may have written one.
    margin = "  | " if "GITHUB_ACTIONS" in os.environ else "  "
    for line in test.message.splitlines():
        text = margin + line.replace("##[", "## [")
        console.print(text, style="dim" if test.verdict == "SKIPPED" else None)


Names = Annotated[
    list[str] | None, typer.Option("--chapter", metavar="CHAPTER", help="Only this; repeatable.")
]


Seed = Annotated[int, typer.Option(help="The grading seed; it stands in the report.")]


def show_report(report: Report) -> None:
    """Print a table of exercises, visible and hidden tests and points."""
    from rich.table import Table

    from ..report import rounded

    console = new_console()
    table = Table(box=None, pad_edge=False)
    for heading in ("exercise", "visible", "hidden", "points"):
        table.add_column(heading, justify="left" if heading == "exercise" else "right")
    for chapter in report.chapters:
        handed = "" if chapter.handed_in else " (not handed in)"
        points = _of(rounded(chapter.exact_points), chapter.max_points)
        table.add_row(f"{chapter.name}{handed}", "", "", points, style="bold")
        for exercise in chapter.exercises:
            counts = []
            for visible in (True, False):
                tests = [t for t in exercise.tests if t.visible is visible]
                counts.append(f"{sum(t.verdict == 'PASSED' for t in tests)}/{len(tests)}")
            points = _of(rounded(exercise.exact_points), exercise.max_points)
            style = STYLES[exercise.verdict]
            table.add_row(f"  {exercise.name}", *counts, points, style=style)
    failed = [
        (c.name, e.name, t)
        for c in report.chapters
        if c.handed_in
        for e in c.exercises
        for t in e.tests
        if t.verdict != "PASSED"
    ]
    for name, exercise_name, test in failed:
        show_test(console, name, exercise_name, test)
    if failed:
        console.print()
    console.print(table)
    total = _of(rounded(report.exact_points), report.max_points)
    words = f"{report.subject}: {total} points, {report.mode}, seed {report.seed}"
    console.print(f"\n{no_command(words)}")


def _of(points: float | None, maximum: int) -> str:
    return f"no score/{maximum}" if points is None else f"{points:g}/{maximum}"
