"""The commands that judge one submission: grade, doctor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ..course import find_root
from ..errors import KataError, UsageError
from .app import app
from .showing import (
    Names,
    Seed,
    course_of,
    new_console,
    progress_bar,
    selected,
    show_report,
    watch_records,
)


@app.command()
def grade(
    subject: Annotated[
        Path | None, typer.Argument(help="Folder with chapter modules (default: exercises/).")
    ] = None,
    chapter: Names = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report here.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit XML here.")
    ] = None,
    gradescope: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write Gradescope's results.json here.")
    ] = None,
    seed: Seed = 0,
    own: Annotated[
        bool, typer.Option(help="The subject's own earlier chapters, not the reference's.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Only in the full sandbox (`kata doctor` shows it).")
    ] = False,
) -> None:
    """Grade a submission: visible and hidden tests, its code in a process of its own.

    Exit code: 0 all passed, 1 something failed, 2 bad usage, 3 something is UNJUDGED.
    """
    from .. import exports, grading
    from ..files import write_text
    from ..learn import progress
    from ..release import needs_solutions
    from ..seam.sandbox import active_layers

    root = find_root()
    needs_solutions(root, "grade")
    course = course_of(root)
    folder = subject or root / "exercises"
    plan = grading.Plan(root, course, folder, selected(course, chapter or []), None, seed, own)
    for file in (json, junit, gradescope):
        if file and not file.resolve().parent.is_dir():
            raise UsageError(f"{file}: the folder {file.resolve().parent} is not there")
    active_layers()  # tried in a fork, so before the progress bar has its thread
    with progress_bar("grading") as shown:
        report = grading.grade(plan, watch=watch_records(shown), strict=strict)
    progress.record(root, folder, report)
    if json:
        try:
            write_text(json.resolve(), report.to_json())
        except OSError as error:
            raise UsageError(f"{json}: cannot be written ({error.strerror})") from None
    for name, file in {"junit": junit, "gradescope": gradescope}.items():
        if file:
            exports.export(name, [report], file)
    show_report(report)
    raise typer.Exit(report.exit_code)


@app.command()
def doctor() -> None:
    """Show what this machine has for grading, and which layers of the sandbox hold here."""
    from rich.table import Table

    from ..grading import versions
    from ..model.tokenizer import CACHE, find_vocabulary
    from ..seam import cgroup
    from ..seam.sandbox import active_layers

    console = new_console()
    for name, version in versions().items():
        console.print(f"{name} {version}")
    console.print(f"judged mode: {'here' if hasattr(os, 'fork') else 'not here, it needs fork'}")
    try:
        find_vocabulary()
        filled = "filled" if CACHE.is_dir() and any(CACHE.iterdir()) else "filled when it is needed"
        console.print(f"GPT-2's vocabulary: here, and tiktoken's cache is {filled}\n")
    except KataError as error:
        console.print(f"GPT-2's vocabulary: {error}\n")
    table = Table(box=None, pad_edge=False)
    for heading in ("sandbox", "state", "what it stops"):
        table.add_column(heading)
    layers = active_layers()
    for layer in layers:
        state = "active" if layer.active else "missing" if layer.needed else "not here"
        table.add_row(layer.name, state, layer.stops, style=None if layer.active else "yellow")
    console.print(table)
    console.print(f"\ncgroups: {cgroup.words()}", markup=False)
    missing = [layer.name for layer in layers if layer.needed and not layer.active]
    if missing:
        console.print(f"\n`kata grade --strict` refuses here: {', '.join(missing)} missing")
        console.print("Grade code of strangers in a container or a virtual machine.")
    else:
        console.print("\nThe full sandbox: `kata grade --strict` grades here.")
