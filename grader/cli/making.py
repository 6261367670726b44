"""The commands that make and prove the course: release, notebooks, audit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ..course import find_root
from ..errors import UsageError
from ..names import count
from .app import app
from .showing import Names, Seed, course_of, new_console, progress_bar, selected

if TYPE_CHECKING:
    from ..course import Chapter, Course


@app.command()
def release(
    check: Annotated[bool, typer.Option("--check", help="Only say what differs.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite work in exercises/, or a changed grade.yml.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Make a learner's repository (--gradescope: the zip)."),
    ] = None,
    chapters: Annotated[
        list[str] | None,
        typer.Option(
            "--chapters",
            "--chapter",
            metavar="CHAPTER",
            help="With --to or --gradescope: only these (with commas, or repeated).",
        ),
    ] = None,
    add: Annotated[
        bool,
        typer.Option("--add", help="With --to: bring chapters into a learner's repository in use."),
    ] = False,
    gradescope: Annotated[
        bool, typer.Option("--gradescope", help="Make Gradescope's autograder, a zip.")
    ] = False,
    strict: Annotated[
        bool, typer.Option(help="The autograder judges only in the full sandbox.")
    ] = True,
    workflow: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write grade.yml and a roster into this repository."),
    ] = None,
) -> None:
    """Make exercises/ from solutions/; or what learners, Gradescope or GitHub need.

    A learner's repository holds neither solutions nor hidden tests, and is never written over
    another one; --add leaves alone what somebody has changed there.
    """
    root = find_root()
    course = course_of(root)
    names = [name for given in chapters or [] for name in given.split(",") if name]
    making = [o for o, on in {"--check": check, "--gradescope": gradescope}.items() if on]
    making += ["--workflow"] if workflow else []
    making += ["--to"] if to and not gradescope else []
    if len(making) > 1:
        raise UsageError(f"{' and '.join(making)} are different things; name one of them")
    if names and not (to or gradescope):
        raise UsageError("--chapters belongs to --to or --gradescope")
    if force and (to or gradescope):
        raise UsageError("--force is not for --to: name a folder that does not exist yet")
    if add and (gradescope or not to):
        raise UsageError("--add belongs to --to, which names a learner's repository")
    if not strict and not gradescope:
        raise UsageError("--no-strict belongs to --gradescope")
    if gradescope:
        _release_autograder(root, course, names, to or Path("autograder.zip"), strict)
    elif to:
        (_add_to_bundle if add else _release_bundle)(root, course, names, to)
    elif workflow:
        _release_workflow(workflow, force)
    else:
        _release_exercises(root, course, check, force)


def _release_exercises(root: Path, course: Course, check: bool, force: bool) -> None:
    from ..release import needs_solutions
    from ..release import release as make

    needs_solutions(root, "release")
    found = make(root, course, check=check, force=force)
    words = {
        "written": "written",
        "same": "up to date",
        "differs": "differs from its solution; run `kata release`",
        "kept": "kept, because it holds work; --force overwrites it",
    }
    for one in found:
        print(f"{one.path.name}: {words[one.state]}")
    raise typer.Exit(int(any(one.state in ("differs", "kept") for one in found)))


def _release_bundle(root: Path, course: Course, names: list[str], to: Path) -> None:
    from ..bundle import bundle

    made = bundle(root, course, selected(course, names), to)
    chapters, files = count(len(made.chapters), "chapter"), count(made.files, "file")
    print(f"{made.folder}: {chapters}, {files}, nothing secret")
    if made.along:
        print(f"also there, because it is imported: {', '.join(made.along)}")
    print("next: put it under version control, and hand it out")


def _add_to_bundle(root: Path, course: Course, names: list[str], to: Path) -> None:
    from ..bundle import add

    if not names:
        raise UsageError("--add needs --chapters, which says what to add")
    added = add(root, course, selected(course, names), to)
    new = ", ".join(added.chapters) or "no chapter"
    print(f"{to}: {new} added, {count(added.written, 'file')} written, nothing secret")
    if added.kept:
        print(f"left as they are, since somebody has changed them: {', '.join(added.kept)}")


def _release_autograder(
    root: Path, course: Course, names: list[str], to: Path, strict: bool
) -> None:
    from ..autograder import autograder

    chosen = selected(course, names)
    autograder(root, course, chosen, to, strict=strict)
    points = sum(e.points for c in chosen for e in c.exercises)
    size = f"{count(len(chosen), 'chapter')}, {count(points, 'point')}"
    print(f"{to}: {size}; it holds solutions: keep it to yourself")


def _release_workflow(folder: Path, force: bool) -> None:
    from ..workflows import write

    for path, state in write(folder, force=force):
        print(f"{path}: {state}")


@app.command()
def audit(
    chapter: Annotated[list[str] | None, typer.Argument(help="Chapters (default: all).")] = None,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Change each solution one operator at a time instead.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Prove the tests: stubs fail, solutions pass, every wrong answer is rejected."""
    from rich.table import Table

    from ..audit import audit as prove
    from ..release import needs_solutions

    root = find_root()
    needs_solutions(root, "audit")
    course = course_of(root)
    if mutants:
        _audit_mutants(root, selected(course, chapter or []), seed)
    with progress_bar("auditing") as shown:
        found = prove(root, course, selected(course, chapter or []), seed, shown)
    console = new_console()
    for one in found:
        table = Table(box=None, pad_edge=False, title=f"{one.name}: {count(one.tests, 'test')}")
        for heading in ("exercise", "wrong answers", "rejected by the test named"):
            table.add_column(heading, justify="left" if heading == "exercise" else "right")
        for name, (wrong, rejected) in one.by_exercise.items():
            table.add_row(name, str(wrong), str(rejected))
        table.add_row("in all", str(one.wrong), str(one.rejected), style="bold")
        console.print(table)
        idle = one.tests - sum(1 for kills in one.kills.values() if kills)
        share = 100 * one.rejected / one.wrong if one.wrong else 0.0
        console.print(
            f"{share:.1f} % rejected; {idle} tests reject nothing; {one.right} right alternatives\n"
        )
    faults = [fault for one in found for fault in one.faults]
    for fault in faults:
        console.print(fault, style="red")
    raise typer.Exit(int(bool(faults)))


def _audit_mutants(root: Path, chapters: Sequence[Chapter], seed: int) -> NoReturn:
    from rich.table import Table

    from ..mutants import audit_mutants

    with progress_bar("mutating") as shown:
        found = audit_mutants(root, chapters, seed, shown)
    console = new_console()
    table = Table(box=None, pad_edge=False, title="generic mutants")
    for heading in ("chapter", "mutants", "rejected", "%", "equivalent", "unexplained"):
        table.add_column(heading, justify="left" if heading == "chapter" else "right")
    for one in found:
        counts = (one.made.total(), one.rejected.total())
        words = f"{100 * one.share:.1f}", str(len(one.explained)), str(len(one.survivors))
        table.add_row(one.name, *map(str, counts), *words)
    console.print(table)
    for one in found:
        for mutant, why in one.explained:
            print(f"{one.name}: equivalent: {mutant}: {why}")
        for mutant in one.survivors:
            print(f"{one.name}: SURVIVED: {mutant}")
        for fault in one.faults:
            print(f"{one.name}: {fault}")
    raise typer.Exit(int(not all(one.enough for one in found)))


@app.command()
def notebooks(
    to: Annotated[Path, typer.Option(metavar="COURSE", help="The nbgrader course's folder.")],
    chapter: Names = None,
    seed: Seed = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what was changed.")] = False,
) -> None:
    """Make a course for nbgrader: a notebook for each chapter, and its configuration."""
    from ..notebooks.making import make

    root = find_root()
    course = course_of(root)
    made = make(root, course, selected(course, chapter or []), to, seed=seed, force=force)
    words = {"same": "up to date", "kept": "changed since, kept; --force overwrites it"}
    for file in made:
        print(f"{file.path}: {words.get(file.state, file.state)}")
    print(f"next: cd {to}, then `nbgrader generate_assignment CHAPTER`")
