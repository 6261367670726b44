"""The commands: parse, call, print. The only module that prints or exits.

Nothing heavy is imported up here: `kata --help` and every command that does not compute starts
without torch.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from . import __version__
from .course import find_root
from .errors import KataError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from .course import Chapter, Course
    from .report import ExerciseReport, Report, TestReport
    from .similar import Found
    from .store import Store
    from .train.milestone import Milestone


class _Commands(TyperGroup):
    """Runs a command; every refusal is one sentence, and the exit code says what happened."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KataError as error:
            _err(f"kata: {error}")
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            _err("kata: stopped")
            raise typer.Exit(130) from None
        except BrokenPipeError:  # `kata … | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(141) from None


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Build a large language model from scratch, one failing test at a time.",
)

Progress = Callable[[int, int, str], None]


def main() -> None:
    """Run `kata`."""
    for stream in (sys.stdout, sys.stderr):  # what a model writes may be in no terminal's alphabet
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app(prog_name="kata")


def _err(text: str) -> None:
    print(_no_command(text), file=sys.stderr)


def _no_command(text: str) -> str:
    """A line that may begin with a name of a stranger's, which a runner must not obey."""
    if "GITHUB_ACTIONS" in os.environ:
        text = text.replace("##[", "## [")
        text = f"| {text}" if text.lstrip().startswith("::") else text
    return text


def _version(wanted: bool) -> None:
    if wanted:
        print(f"kata {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


# Where things are


def _course(root: Path) -> Course:
    from .course import load_course

    return load_course(root / "exercises" / "course.toml")


def _selected(course: Course, names: list[str]) -> tuple[Chapter, ...]:
    chosen = [course.chapter(name) for name in names]
    return tuple(c for c in course.chapters if not names or c in chosen)


# Showing


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextmanager
def _progress(what: str, *, left: bool = False) -> Iterator[Progress]:
    """A progress bar on a terminal, with the time that is left if asked; nothing in a pipe."""
    console = _console(stderr=True)
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


def _watch(progress: Progress) -> Callable[[dict[str, Any]], None]:
    seen = 0

    def watch(record: dict[str, Any]) -> None:
        nonlocal seen
        seen += 1
        progress(seen, 0, f"{record['chapter']}.{record['exercise']}")

    return watch


_STYLES = {"PASSED": "green", "FAILED": "red", "SKIPPED": "yellow", "UNJUDGED": "magenta"}


def _show_test(console: Console, chapter: str, exercise: str, test: TestReport) -> None:
    console.print(f"{test.verdict} {chapter}.{exercise}", style=_STYLES[test.verdict], end=" ")
    console.print(test.id, style="dim")
    console.print(f"  {test.sentence}")
    # A runner obeys lines that begin with `::`, and `##[` anywhere; a learner may have written one.
    margin = "  | " if "GITHUB_ACTIONS" in os.environ else "  "
    for line in test.message.splitlines():
        text = margin + line.replace("##[", "## [")
        console.print(text, style="dim" if test.verdict == "SKIPPED" else None)


# Commands


Names = Annotated[
    list[str] | None, typer.Option("--chapter", metavar="CHAPTER", help="Only this; repeatable.")
]
Seed = Annotated[int, typer.Option(help="The grading seed; it stands in the report.")]


@app.command()
def status() -> None:
    """Show chapters, exercises, what is done, and the next step."""
    from rich.table import Table

    from .learn.progress import standing

    root = find_root()
    course, console = _course(root), _console()
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
    from .grading import Plan, check_here, grade
    from .learn import progress

    root = find_root()
    course = _course(root)
    folder = subject or root / "exercises"
    chapter, exercise = course.find(target) if target else (None, None)
    chapters = (chapter,) if chapter else _begun(root, course, folder)
    plan = Plan(root, course, folder, chapters, exercise.name if exercise else None, seed, own)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    if judged:
        with _progress("checking") as shown:
            report = grade(plan, hidden=False, watch=_watch(shown))
    elif interactive:  # the terminal belongs to the tests, for breakpoint()
        report = check_here(plan, interactive=True)
    else:
        report = check_here(plan)
    progress.record(root, folder, report)
    _teach(course, report, whole=(root / "solutions").is_dir())
    raise typer.Exit(report.exit_code)


def _begun(root: Path, course: Course, folder: Path) -> tuple[Chapter, ...]:
    """The chapters that the learner has begun, or the first one."""
    from .learn.progress import standing

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
    console = _console()
    first: tuple[str, ExerciseReport] | None = None
    for chapter in report.chapters:
        for exercise in chapter.exercises:
            passed = sum(t.verdict == "PASSED" for t in exercise.tests)
            open_ = _is_open(exercise)
            word = "not written yet" if open_ else exercise.verdict
            counts = f"{passed}/{len(exercise.tests)}"
            style = None if open_ else _STYLES[exercise.verdict]
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
        _show_test(console, name, exercise.name, test)
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
    from . import exports, grading
    from .files import write_text
    from .learn import progress
    from .release import needs_solutions
    from .seam.sandbox import active_layers

    root = find_root()
    needs_solutions(root, "grade")
    course = _course(root)
    folder = subject or root / "exercises"
    plan = grading.Plan(root, course, folder, _selected(course, chapter or []), None, seed, own)
    for file in (json, junit, gradescope):
        if file and not file.resolve().parent.is_dir():
            raise UsageError(f"{file}: the folder {file.resolve().parent} is not there")
    active_layers()  # tried in a fork, so before the progress bar has its thread
    with _progress("grading") as shown:
        report = grading.grade(plan, watch=_watch(shown), strict=strict)
    progress.record(root, folder, report)
    if json:
        try:
            write_text(json.resolve(), report.to_json())
        except OSError as error:
            raise UsageError(f"{json}: cannot be written ({error.strerror})") from None
    for name, file in {"junit": junit, "gradescope": gradescope}.items():
        if file:
            exports.export(name, [report], file)
    _show_report(report)
    raise typer.Exit(report.exit_code)


def _show_report(report: Report) -> None:
    from rich.table import Table

    from .report import rounded

    console = _console()
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
            style = _STYLES[exercise.verdict]
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
        _show_test(console, name, exercise_name, test)
    if failed:
        console.print()
    console.print(table)
    total = _of(rounded(report.exact_points), report.max_points)
    words = f"{report.subject}: {total} points, {report.mode}, seed {report.seed}"
    console.print(f"\n{_no_command(words)}")


def _of(points: float | None, maximum: int) -> str:
    return f"no score/{maximum}" if points is None else f"{points:g}/{maximum}"


@app.command()
def doctor() -> None:
    """Show what this machine has for grading, and which layers of the sandbox hold here."""
    from rich.table import Table

    from .grading import versions
    from .model.tokenizer import find_vocabulary
    from .seam.sandbox import active_layers

    console = _console()
    for name, version in versions().items():
        console.print(f"{name} {version}")
    console.print(f"judged mode: {'here' if hasattr(os, 'fork') else 'not here, it needs fork'}")
    try:
        find_vocabulary()
        cache = Path(sys.prefix) / "share" / "llm-kata" / "tiktoken"
        filled = "filled" if cache.is_dir() and any(cache.iterdir()) else "filled when it is needed"
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
    missing = [layer.name for layer in layers if layer.needed and not layer.active]
    if missing:
        console.print(f"\n`kata grade --strict` refuses here: {', '.join(missing)} missing")
        console.print("Grade code of strangers in a container or a virtual machine.")
    else:
        console.print("\nThe full sandbox: `kata grade --strict` grades here.")


@app.command()
def diff(
    exercise: Annotated[str, typer.Argument(help="softmax, or ch03_attention.softmax")],
    give_up: Annotated[bool, typer.Option("--give-up", help="Show it before it passes.")] = False,
) -> None:
    """Compare your code with the reference's, once it passes."""
    from .learn.diff import difference
    from .learn.progress import standing
    from .release import needs_solutions

    root = find_root()
    chapter, found = _course(root).find(exercise)
    if found is None:
        raise UsageError(f"{exercise} is a chapter; name one of its exercises")
    needs_solutions(root, "diff")
    state = standing(root, root / "exercises", chapter.name, found.name)
    if state != "done" and not give_up:
        raise UsageError(
            f"{found.id} is {state}: run `kata check {found.id}` until it passes, "
            "or give it up with --give-up"
        )
    console = _console()
    lines = difference(root / "exercises", root / "solutions", chapter.name, found.name)
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        console.print(line, style=styles.get(line[:1]))
    if not lines:
        console.print(f"your {found.name} is the reference's, to the letter")


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
    another one.
    """
    root = find_root()
    course = _course(root)
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
    if not strict and not gradescope:
        raise UsageError("--no-strict belongs to --gradescope")
    if gradescope:
        _release_autograder(root, course, names, to or Path("autograder.zip"), strict)
    elif to:
        _release_bundle(root, course, names, to)
    elif workflow:
        _release_workflow(workflow, force)
    else:
        _release_exercises(root, course, check, force)


def _release_exercises(root: Path, course: Course, check: bool, force: bool) -> None:
    from .release import needs_solutions
    from .release import release as make

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
    from .bundle import bundle

    made = bundle(root, course, _selected(course, names), to)
    print(f"{made.folder}: {len(made.chapters)} chapters, {made.files} files, nothing secret")
    if made.along:
        print(f"also there, because it is imported: {', '.join(made.along)}")
    print("next: put it under version control, and hand it out")


def _release_autograder(
    root: Path, course: Course, names: list[str], to: Path, strict: bool
) -> None:
    from .autograder import autograder

    chosen = _selected(course, names)
    autograder(root, course, chosen, to, strict=strict)
    points = sum(e.points for c in chosen for e in c.exercises)
    print(f"{to}: {len(chosen)} chapters, {points} points; it holds solutions: keep it to yourself")


def _release_workflow(folder: Path, force: bool) -> None:
    from .workflows import write

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

    from .audit import audit as prove
    from .release import needs_solutions

    root = find_root()
    needs_solutions(root, "audit")
    course = _course(root)
    if mutants:
        _audit_mutants(root, _selected(course, chapter or []), seed)
    with _progress("auditing") as shown:
        found = prove(root, course, _selected(course, chapter or []), seed, shown)
    console = _console()
    for one in found:
        table = Table(box=None, pad_edge=False, title=f"{one.name}: {one.tests} tests")
        for heading in ("exercise", "wrong answers", "rejected by the test named"):
            table.add_column(heading, justify="left" if heading == "exercise" else "right")
        for name, (wrong, rejected) in one.by_exercise.items():
            table.add_row(name, str(wrong), str(rejected))
        table.add_row("in all", str(one.wrong), str(one.rejected), style="bold")
        console.print(table)
        idle = one.tests - sum(1 for count in one.kills.values() if count)
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

    from .mutants import audit_mutants

    with _progress("mutating") as shown:
        found = audit_mutants(root, chapters, seed, shown)
    console = _console()
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


_WHOSE = "Whose chapters (default: solutions/, or exercises/ where there are none)."


def _whose(root: Path, named: Path | None) -> Path:
    solutions = root / "solutions"
    return named or (solutions if solutions.is_dir() else root / "exercises")


@app.command()
def build(
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    size: Annotated[str, typer.Option(help="124M, 355M, 774M or 1558M.")] = "124M",
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="SUBJECT", help=_WHOSE),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="A Hugging Face folder or a .safetensors file of GPT-2.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For random weights, where none are given.")] = 0,
) -> None:
    """Build the full-size GPT-2 from chapters: weights, config, tokenizer and gpt2.py."""
    from .model.build import build as make

    root = find_root()
    with _progress("building") as shown:
        made = make(size, _whose(root, from_), root / "solutions", out, weights, seed, shown)
    source = f"weights of {made.weights}" if made.weights else f"random weights, seed {made.seed}"
    print(f"{made.folder}: GPT-2 {made.size}, {made.parameters:,} parameters, {source}")
    for name, path in made.chapters.items():
        whose = "the reference's" if name in made.from_reference else path.parent.name
        print(f"  {name}: {whose}")
    print(f'in {made.seconds:.1f} s; try: kata generate --model {made.folder} "Hello, I am"')


@app.command()
def generate(
    prompt: Annotated[str, typer.Argument(help="The text to continue.")],
    model: Annotated[Path, typer.Option(help="A folder that `kata build` made.")],
    max_new_tokens: Annotated[int, typer.Option(help="The most tokens to append.")] = 40,
    temperature: Annotated[float, typer.Option(help="0 takes the likeliest token.")] = 0.8,
    top_k: Annotated[int, typer.Option(help="Draw among the K likeliest; 0: among all.")] = 40,
    seed: Annotated[int, typer.Option(help="The same seed gives the same text.")] = 0,
) -> None:
    """Continue a prompt with a model that `kata build` made."""
    from .model.generate import generate as write

    if top_k < 0:
        raise UsageError(f"--top-k is {top_k}, and must be 0 (among all) or more")
    text = write(
        model,
        prompt,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        top_k=top_k or None,
        seed=seed,
    )
    for piece in text:
        sys.stdout.write(piece)
        sys.stdout.flush()


@app.command()
def train(
    task: Annotated[str, typer.Argument(help="pretrain, classify or instruct.")],
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="SUBJECT", help=_WHOSE),
    ] = None,
    size: Annotated[str, typer.Option(help="tiny (a minute or two) or 124M.")] = "tiny",
    steps: Annotated[int | None, typer.Option(help="Updates (default: what suits it).")] = None,
    seed: Seed = 0,
    data: Annotated[
        Path | None, typer.Option(help="What to learn from (default: the course's own file).")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="124M: start from this Hugging Face folder of GPT-2.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run (default: runs/TASK-SIZE).")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin again.")] = False,
    ask: Annotated[
        str | None, typer.Option(help="classify: a message to classify, then end.")
    ] = None,
    judge_model: Annotated[
        str, typer.Option(help="instruct: the model that scores responses, on an Ollama server.")
    ] = "llama3",
    judge_url: Annotated[
        str, typer.Option(help="instruct: that server's chat address.")
    ] = "http://localhost:11434/api/chat",
) -> None:
    """Train with your chapters; stopped, the same command goes on where it was."""
    from .train.milestone import reach

    root = find_root()
    with _progress(task) as shown:
        made = reach(
            task,
            _course(root),
            root,
            subject=_whose(root, from_),
            size=size,
            steps=steps,
            seed=seed,
            data=data,
            weights=weights,
            out=out,
            fresh=fresh,
            progress=shown,
        )
    for name in made.from_reference:
        print(f"{name}: the reference's")
    {"pretrain": _show_pretrain, "classify": _show_classify, "instruct": _show_instruct}[task](
        made.result
    )
    if task == "instruct":
        _judge(made, judge_model, judge_url)
    if not made.result["plots"]:
        print("no plots: they need matplotlib (pip install 'llm-kata[train]')")
    print(f"in {made.seconds:.0f} s; everything is in {made.run.folder}")
    if made.ask:
        _ask(made.ask, ask)


def _show_pretrain(result: dict[str, Any]) -> None:
    first, last = result["first"], result["last"]
    print(f"training loss {first['train_loss']:.3f} -> {last['train_loss']:.3f}, ", end="")
    print(f"held out {first['val_loss']:.3f} -> {last['val_loss']:.3f}")
    print(f"before: {result['sample_before']!r}\nafter:  {result['sample_after']!r}")


def _show_classify(result: dict[str, Any]) -> None:
    before, after = (100 * result[f"accuracy_{when}"] for when in ("before", "after"))
    print(f"accuracy on {result['held_out']} held-out messages: {before:.1f} % -> {after:.1f} %")
    print(f"who always names the more frequent class: {100 * result['majority']:.1f} %")


def _show_instruct(result: dict[str, Any]) -> None:
    first, last = result["first"], result["last"]
    print(f"training loss {first['train_loss']:.3f} -> {last['train_loss']:.3f}, ", end="")
    print(f"held out {first['val_loss']:.3f} -> {last['val_loss']:.3f}")
    before, after = (100 * result[f"followed_{when}"] for when in ("before", "after"))
    print(f"responses in the right form: {before:.0f} % -> {after:.0f} %")
    for one in result["responses"][:3]:
        print(f"- {one['instruction']} {one['input']}".rstrip())
        print(f"  before: {one['before']!r}\n  after:  {one['model_response']!r}")


def _judge(made: Milestone, model: str, url: str) -> None:
    from .files import write_text
    from .train.instruct import judge

    with _progress("judging") as shown:
        found = judge(made.chapters, made.result["responses"], model, url, shown)
    if found is None:
        print(f"not scored: no Ollama server answers at {url}")
        return
    write_text(made.run.folder / "scores.json", json.dumps(found, indent=2) + "\n")
    print(f"{found['model']} gives {found['mean']:.1f} of 100 on average; see scores.json")


def _ask(classify: Callable[[str], str], message: str | None) -> None:
    """Classify one message, or those that are typed."""
    if message is not None:
        print(classify(message))
        return
    while sys.stdin.isatty():
        try:
            text = input("a message of yours (nothing ends): ")
        except EOFError:
            return
        if not text:
            return
        print(classify(text))


data = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The book's own files and GPT-2's weights: download them, one at a time.",
)
app.add_typer(data, name="data")


@contextmanager
def _download_bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar with bytes and speed on a terminal; nothing in a pipe."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None
        return
    from rich import progress as bars

    columns = (bars.TextColumn("{task.description}"), bars.BarColumn(), bars.DownloadColumn())
    bar = bars.Progress(
        *columns,
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task(what, total=None)
    with bar:
        yield lambda done, total: bar.update(task, completed=done, total=total)


@data.command("list")
def data_list() -> None:
    """Show what can be downloaded."""
    from rich.table import Table

    from .data import FILES

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "bytes", "what"):
        table.add_column(heading, justify="right" if heading == "bytes" else "left")
    for file in FILES:
        table.add_row(file.name, f"{file.bytes:,}" if file.bytes else "?", file.what)
    _console().print(table)
    print("\nThe course itself needs none of these: its own data is in exercises/data/.")


@data.command("get")
def data_get(
    name: Annotated[str, typer.Argument(help="A name that `kata data list` shows.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder to put it in.")] = Path("."),
    url: Annotated[
        str | None, typer.Option(help="For a file that is not in the list: its https address.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(help="For a file that is not in the list: what it hashes to.")
    ] = None,
) -> None:
    """Download a file over https, and keep it only if its sha256 is the right one."""
    from .data import File, find, get

    if (url is None) != (sha256 is None):
        raise UsageError("--url and --sha256 belong together: nothing is kept that was not checked")
    file = find(name) if url is None or sha256 is None else File(name, url, sha256.lower())
    with _download_bar(file.name) as shown:
        path, fresh = get(file, to, shown)
    print(f"{path}: {'downloaded' if fresh else 'already there'}, its sha256 is right")


# Classrooms

Results = Annotated[Path, typer.Argument(metavar="[RESULTS]", help="What `kata batch` wrote.")]
RESULTS = Path("results.sqlite")


@app.command()
def collect(
    roster: Annotated[Path, typer.Argument(help="A CSV file with the columns name,repository.")],
    to: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder of submissions to fill.")
    ] = Path("submissions"),
) -> None:
    """Read the chapters out of learners' git repositories, without a check-out.

    No hook, filter, submodule or link of a repository is followed. The token of private ones is
    read from the variable KATA_GIT_TOKEN. Exit code: 0 all were read; 2 bad usage; 3 some were not,
    and theirs are what they were before.
    """
    from .collect import collect as run
    from .collect import read_roster

    names = [c.name for c in _course(find_root()).chapters]
    learners = read_roster(roster)
    with _progress("collecting", left=True) as shown:
        found = run(learners, names, to, shown)
    for name, why in found.failed.items():
        _err(f"{name}: {why}")
    for name in (n for n, commit in found.commits.items() if not commit):
        _err(f"{name}: the repository is empty")
    print(f"{to}: {len(found.commits)} of {len(learners)} repositories read")
    raise typer.Exit(3 if found.failed else 0)


@app.command()
def notebooks(
    to: Annotated[Path, typer.Option(metavar="COURSE", help="The nbgrader course's folder.")],
    chapter: Names = None,
    seed: Seed = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what was changed.")] = False,
) -> None:
    """Make a course for nbgrader: a notebook for each chapter, and its configuration."""
    from .notebooks.making import make

    root = find_root()
    course = _course(root)
    made = make(root, course, _selected(course, chapter or []), to, seed=seed, force=force)
    words = {"same": "up to date", "kept": "changed since, kept; --force overwrites it"}
    for file in made:
        print(f"{file.path}: {words.get(file.state, file.state)}")
    print(f"next: cd {to}, then `nbgrader generate_assignment CHAPTER`")


@app.command()
def batch(
    submissions: Annotated[
        Path, typer.Argument(help="A folder with a folder or an archive for each submission.")
    ],
    chapter: Names = None,
    jobs: Annotated[
        int | None, typer.Option(help="Chapters at a time (default: one a core).")
    ] = None,
    seed: Seed = 0,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this submission; repeatable.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Grade unchanged ones too.")] = False,
    shard: Annotated[
        str, typer.Option(metavar="I/N", help="Only the I-th of N parts, for arrays of jobs.")
    ] = "1/1",
    results: Annotated[
        Path | None,
        typer.Option(help="Where results go (default: results.sqlite, or results.I-of-N.sqlite)."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Only in the full sandbox (`kata doctor` shows it).")
    ] = False,
) -> None:
    """Grade a folder of submissions; stopped, the same command goes on.

    Exit code: 0 all are graded, whatever their points; 2 bad usage; 3 something is UNJUDGED.
    """
    from .batch import Batch, parse_shard
    from .batch import batch as run
    from .grading import ask_for_the_sandbox
    from .judge import JOBS
    from .names import shown as safe
    from .release import needs_solutions
    from .store import Store

    root = find_root()
    needs_solutions(root, "batch")
    if strict:
        ask_for_the_sandbox()
    course, part = _course(root), parse_shard(shard)
    number, parts = part
    path = results or (RESULTS if parts == 1 else Path(f"results.{number}-of-{parts}.sqlite"))
    chapters = _selected(course, chapter or [])
    names = tuple(only or ())
    order = Batch(root, course, submissions, chapters, seed, jobs or JOBS, names, force, part)
    with Store(path, create=True) as store, _progress("grading", left=True) as shown:
        tally = run(order, store, shown)
    for name, why in tally.unjudged.items():
        _err(f"UNJUDGED {name}: {why}")
    if tally.ignored:
        words = ", ".join(map(safe, tally.ignored[:3])) + (" …" if tally.ignored[3:] else "")
        _err(f"{len(tally.ignored)} files are no submissions: {words}")
    if tally.gone:
        _err(f"{tally.gone} submissions of {path} are no longer in {submissions}; they are kept")
    print(
        f"{tally.submissions} submissions, {len(chapters)} chapters each: {tally.graded} graded, "
        f"{tally.unchanged} had a result already, {tally.not_handed_in} not handed in, "
        f"{len(tally.unjudged)} UNJUDGED"
    )
    print(f"results: {path}")
    raise typer.Exit(3 if tally.unjudged else 0)


@app.command()
def merge(
    files: Annotated[list[Path], typer.Argument(help="What `kata batch --shard` wrote.")],
    results: Annotated[Path, typer.Option(help="The file to merge into.")] = RESULTS,
) -> None:
    """Merge the results of several parts into one file."""
    from .store import merge as join

    print(f"{results}: {join(files, results)} submissions")


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="A file, or a folder with a file a submission.")],
    results: Results = RESULTS,
    format_: Annotated[
        str, typer.Option("--format", help="json, junit, gradescope, github, csv or nbgrader.")
    ] = "csv",
    chapter: Names = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this submission; repeatable.")
    ] = None,
) -> None:
    """Write results for a gradebook or a CI system.

    Exit code: 0 all are written; 2 bad usage; 3 submissions without a score are left out.
    """
    from .exports import export as run
    from .names import shown
    from .store import Store

    with Store(results) as store:
        chapters = _stored(store, chapter)
        left_out = run(format_, store.reports(chapters, only or None), out)
        _warn_of_stale(store)
    for name in left_out:
        _err(f"{shown(name)} has no score, and is left out")
    print(f"{out}: written")
    raise typer.Exit(3 if left_out else 0)


def _stored(store: Store, names: list[str] | None) -> list[str] | None:
    """The chapters of a store that are named in full or by their beginning; None takes all."""
    if not names:
        return None
    there = store.chapters()
    found = [[c for c in there if c == n] or [c for c in there if c.startswith(n)] for n in names]
    for name, hits in zip(names, found, strict=True):
        if len(hits) != 1:
            raise UsageError(f"no chapter {name!r}; the results are of {', '.join(there)}")
    return [hits[0] for hits in found]


def _warn_of_stale(store: Store) -> None:
    if stale := store.stale():
        _err(f"{stale} results are of an older suite; `kata batch` brings them up to date")


@app.command()
def report(
    html: Annotated[Path, typer.Option("--html", metavar="DIR", help="The folder to make.")],
    results: Results = RESULTS,
    chapter: Names = None,
) -> None:
    """Make pages of a class's results: the class, and a page for each learner."""
    from .pages import write
    from .store import Store

    with Store(results) as store:
        chapters = _stored(store, chapter)
        count = write(store.reports(chapters), _course(find_root()), html)
        _warn_of_stale(store)
    print(f"{html / 'index.html'}: {count} submissions")


@app.command()
def similar(
    submissions: Annotated[
        Path, typer.Argument(help="A folder with a folder or an archive for each submission.")
    ],
    chapter: Names = None,
    share: Annotated[
        float, typer.Option(help="The least share of one that the other has too.")
    ] = 0.7,
    common: Annotated[
        int, typer.Option(metavar="N", help="What more than N submissions have does not count.")
    ] = 10,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the pairs here.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with the texts side by side.")
    ] = None,
) -> None:
    """List pairs of submissions that are suspiciously alike; no score depends on it.

    What the stub, the reference and the right alternatives hold too is left out, as are names,
    comments and the order of definitions. Exit code: 0 whatever is found; 2 bad usage.
    """
    from .names import shown as safe
    from .similar import compare

    root = find_root()
    course = _course(root)
    chapters = [c.name for c in _selected(course, chapter or [])]
    for file in (json, html):
        if file and not file.resolve().parent.is_dir():
            raise UsageError(f"{file}: the folder {file.resolve().parent} is not there")
    with _progress("comparing", left=True) as bar:
        found = compare(root, submissions, chapters, share=share, common=common, watch=bar)
    for name, of, why in found.left_out:
        _err(f"{safe(name)}, {of}: {safe(why)}; it is not compared")
    if found.ignored:
        words = ", ".join(map(safe, found.ignored[:3])) + (" …" if found.ignored[3:] else "")
        _err(f"{len(found.ignored)} files are no submissions: {words}")
    for of, names in found.common.items():
        _err(
            f"{of}: {len(names)} submissions hold much that more than {common} have; that is not "
            f"counted, unless you ask for --common {len(names)}"
        )
    if json:
        _write_pairs(json, found)
    if html:
        from .pages import write_similar

        write_similar(found, course, html)
    _show_pairs(found)


def _write_pairs(file: Path, found: Found) -> None:
    from .files import write_text

    try:
        write_text(file.resolve(), json.dumps(found.to_dict(), indent=2, ensure_ascii=True) + "\n")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({error.strerror})") from None


def _show_pairs(found: Found) -> None:
    from rich.table import Table

    from .names import shown

    if not found.pairs:
        print(f"{found.submissions} submissions: no two are alike")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("chapter", "of", "shared", "of", "shared", "longest stretch"):
        table.add_column(heading, justify="right" if heading == "shared" else "left")
    for pair in found.pairs:
        cells, places = [pair.chapter], []
        for side in (pair.left, pair.right):
            cells += [shown(side.name, 60), f"{side.share:.0%}"]
            places.append("{}-{}".format(*side.longest))
        table.add_row(*cells, f"lines {places[0]} and {places[1]}")
    _console().print(table)
    print(
        f"{found.submissions} submissions, {len(found.pairs)} pairs: a reason to look at both, "
        "and no proof"
    )


if __name__ == "__main__":
    main()
