"""The commands of a learner: status, check, diff."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..course import find_root
from ..errors import UsageError
from .app import app
from .showing import STYLES, Seed, course_of, new_console, progress_bar, show_test, watch_records

if TYPE_CHECKING:
    from ..course import Chapter, Course
    from ..report import ExerciseReport, Report


@app.command()
def status() -> None:
    """Show chapters, exercises, what is done, and the next step."""
    from rich.table import Table

    from ..learn.progress import standing

    root = find_root()
    course, console = course_of(root), new_console()
    table = Table(box=None, pad_edge=False)
    for heading in ("exercise", "points", "state"):
        table.add_column(heading, justify="right" if heading == "points" else "left")
    done, total, following = 0, 0, None
    styles = {"done": "green", "failed": "red", "not checked": "yellow", "missing": "red"}
    for chapter in course.chapters:
        table.add_row(f"{chapter.name}: {chapter.title} ({chapter.sections})", "", "", style="bold")
        for exercise in chapter.exercises:
            state = standing(root, root / "exercises", chapter.name, exercise.name)
            total += exercise.points
            done += exercise.points if state == "done" else 0
            if state != "done" and following is None:
                following = exercise
            style = styles.get(state)
            table.add_row(f"  {exercise.name}", str(exercise.points), state, style=style)
    console.print(table)
    console.print(f"\n{done} of {total} points done")
    if following:
        console.print(f"next: write {following.id} in exercises/{following.chapter}.py, then run")
        console.print(f"  kata check {following.id}", style="bold")
    else:
        console.print("everything is done: `kata build --from exercises` makes your own GPT-2")


@app.command()
def check(
    target: Annotated[
        str | None, typer.Argument(metavar="[CHAPTER[.EXERCISE]]", help="What to check.")
    ] = None,
    judged: Annotated[bool, typer.Option(help="Run your code in a process of its own.")] = False,
    own: Annotated[bool, typer.Option(help="Use your own earlier chapters too.")] = False,
    subject: Annotated[
        Path | None, typer.Option(help="Folder with the chapters (default: exercises/).")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Run the visible tests on your code and say what to do next."""
    from ..grading import Plan, check_here, grade
    from ..learn import progress

    root = find_root()
    course = course_of(root)
    folder = subject or root / "exercises"
    chapter, exercise = course.find(target) if target else (None, None)
    chapters = (chapter,) if chapter else _begun(root, course, folder)
    plan = Plan(root, course, folder, chapters, exercise.name if exercise else None, seed, own)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    if judged:
        with progress_bar("checking") as shown:
            report = grade(plan, hidden=False, watch=watch_records(shown))
    elif interactive:  # the terminal belongs to the tests, for breakpoint()
        report = check_here(plan, interactive=True)
    else:
        report = check_here(plan)
    progress.record(root, folder, report)
    _teach(course, report, whole=(root / "solutions").is_dir())
    raise typer.Exit(report.exit_code)


def _begun(root: Path, course: Course, folder: Path) -> tuple[Chapter, ...]:
    """The chapters that the learner has begun, or the first one."""
    from ..learn.progress import standing

    found = [
        c
        for c in course.chapters
        if any(
            standing(root, folder, c.name, e.name) not in ("open", "missing") for e in c.exercises
        )
    ]
    return tuple(found or course.chapters[:1])


def _teach(course: Course, report: Report, *, whole: bool) -> None:
    """A line for each exercise, then the first thing to mend.

    Args:
        course: The course.
        report: What the visible tests said.
        whole: Whether the hidden tests are here too.
    """
    console = new_console()
    first: tuple[str, ExerciseReport] | None = None
    for chapter in report.chapters:
        for exercise in chapter.exercises:
            passed = sum(t.verdict == "PASSED" for t in exercise.tests)
            open_ = _is_open(exercise)
            word = "not written yet" if open_ else exercise.verdict
            counts = f"{passed}/{len(exercise.tests)}"
            style = None if open_ else STYLES[exercise.verdict]
            console.print(f"{counts:>5}  {chapter.name}.{exercise.name}: {word}", style=style)
            if first is None and exercise.verdict != "PASSED":
                first = (chapter.name, exercise)
    if first is None:
        where = ": `kata grade`" if whole else ", when you have handed it in"
        console.print(f"\nAll visible tests pass. Hidden tests look deeper{where}.")
        return
    name, exercise = first
    console.print()
    unwritten = _is_open(exercise)
    shown = [t for t in exercise.tests if t.verdict != "PASSED"]
    for test in [] if unwritten else shown[:3]:
        show_test(console, name, exercise.name, test)
    if unwritten:
        console.print(f"{name}.{exercise.name}: its docstring says what it must do.")
    needed = [m[1] for t in shown if (m := _NEEDS.fullmatch(t.message))]
    if needed and not unwritten:
        console.print(f"next: write {needed[0]} first, then `kata check {needed[0]}`")
        return
    hints = course.chapter(name).exercise(exercise.name).hints
    if hints:
        console.print(f"hint: {hints[0]}")
    verb = "write it in" if unwritten else "mend"
    console.print(f"next: {verb} exercises/{name}.py, then `kata check {name}.{exercise.name}`")


_NEEDS = re.compile(r"needs (\w+\.\w+), which is not written yet")


def _is_open(exercise: ExerciseReport) -> bool:
    return any(t.message.startswith("not written yet") for t in exercise.tests)


@app.command()
def diff(
    exercise: Annotated[str, typer.Argument(help="softmax, or ch03_attention.softmax")],
    give_up: Annotated[bool, typer.Option("--give-up", help="Show it before it passes.")] = False,
) -> None:
    """Compare your code with the reference's, once it passes."""
    from ..learn.diff import difference
    from ..learn.progress import standing
    from ..release import needs_solutions

    root = find_root()
    chapter, found = course_of(root).find(exercise)
    if found is None:
        raise UsageError(f"{exercise} is a chapter; name one of its exercises")
    needs_solutions(root, "diff")
    state = standing(root, root / "exercises", chapter.name, found.name)
    if state != "done" and not give_up:
        raise UsageError(
            f"{found.id} is {state}: run `kata check {found.id}` until it passes, "
            "or give it up with --give-up"
        )
    console = new_console()
    lines = difference(root / "exercises", root / "solutions", chapter.name, found.name)
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        console.print(line, style=styles.get(line[:1]))
    if not lines:
        console.print(f"your {found.name} is the reference's, to the letter")
