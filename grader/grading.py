"""One submission -> Report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from . import __version__, scratch
from .course import Chapter, Course
from .errors import SubjectMissing, UnjudgedError, UsageError
from .judge import Job, Judge, Test, arguments, environment, suite_files
from .report import FAILED, UNJUDGED, ChapterReport, ExerciseReport, Report, TestReport
from .subject import read_source
from .verdict import inert

# What stands between the judge and the code it judges on every system; the sandbox's layers follow.
LAYERS = ("process", "plain-values", "empty-environment", "fresh-worker", "deadlines", "rules")
MAX_SEED = 2**32 - 1

Watcher = Callable[[dict[str, Any]], None]
IMPORT_SECONDS = 30.0  # the first test of a process waits for the imports


@dataclass(frozen=True)
class Plan:
    """What to grade, and how.

    Attributes:
        root: The checkout with exercises/, solutions/ and tests/.
        course: Its course.
        subject: Folder with the code under test.
        chapters: Which chapters count.
        exercise: Only this exercise of the one chapter; None takes all.
        seed: The grading seed.
        own: Earlier chapters from the subject too.
    """

    root: Path
    course: Course
    subject: Path
    chapters: tuple[Chapter, ...]
    exercise: str | None = None
    seed: int = 0
    own: bool = False


def grade(
    plan: Plan,
    *,
    hidden: bool = True,
    watch: Watcher = lambda record: None,
    strict: bool = False,
) -> Report:
    """Grade in judged mode.

    Args:
        plan: What to grade.
        hidden: Run the hidden suites too.
        watch: Called with each test's record as it comes.
        strict: Only in the full sandbox.

    Raises:
        UsageError: The subject is no folder.
        UnjudgedError: The judge cannot be started, or the sandbox is not what `strict` asks for.
    """
    missing = _missing(plan)
    if strict:
        ask_for_the_sandbox()
    there = [c.name for c in plan.chapters]
    records: dict[tuple[str, str], dict[str, Any]] = {}
    lost: dict[str, str] = {}
    with Judge(plan.root, there, plan.seed, hidden=hidden) as judge:
        tests = [t for t in judge.tests if plan.exercise in (None, t.exercise)]
        for chapter, why in missing.items():
            for test in tests:
                if test.chapter == chapter:
                    records[chapter, test.id] = _record(test, FAILED, why)
                    watch(records[chapter, test.id])
        jobs = [
            Job(
                name,
                plan.subject,
                name,
                tuple(t.id for t in tests if t.chapter == name),
                own=plan.own,
            )
            for name in there
            if name not in missing
        ]
        for job, record in judge.run(jobs):
            if "done" in record:
                lost[job.chapter] = record["done"]
            else:
                records[record["chapter"], record["id"]] = record
                watch(record)
    return _report(plan, "judged", tests, records, lost, missing)


def ask_for_the_sandbox() -> None:
    """What `--strict` means.

    Raises:
        UnjudgedError: The sandbox is not whole on this machine.
    """
    from .seam.sandbox import missing_layers

    if lacking := missing_layers():
        raise UnjudgedError(
            f"--strict: this system lacks {', '.join(lacking)}; `kata doctor` says what that means"
        )


def check_here(
    plan: Plan, *, watch: Watcher = lambda record: None, interactive: bool = False
) -> Report:
    """Run the visible suites here mode: breakpoints, tracebacks and pdb work.

    The suite runs in a process of its own, so that a subject that ends it costs one test.

    Args:
        plan: What to check.
        watch: Called with each test's record as it comes.
        interactive: Leave the terminal to the tests, for `breakpoint()`, and set no deadline.

    Raises:
        UsageError: The subject is no folder.
        UnjudgedError: The suite cannot be collected.
    """
    missing = _missing(plan)
    files = [f for c in plan.chapters for f in suite_files(plan.root, c.name, hidden=False)]
    tests = [t for t in collect(plan.root, files) if plan.exercise in (None, t.exercise)]
    records: dict[tuple[str, str], dict[str, Any]] = {}
    for test in tests:
        if why := missing.get(test.chapter):
            records[test.chapter, test.id] = _record(test, FAILED, why)
            watch(records[test.chapter, test.id])
    for _ in range(len(tests)):
        left = [t for t in tests if (t.chapter, t.id) not in records]
        if not left:
            break
        ended = ""
        for message in _run_here(plan, left, interactive=interactive):
            if "ended" in message:
                ended = message["ended"]
            else:
                records[message["chapter"], message["id"]] = message
                watch(message)
        if ended:  # at the first test without a record
            test = next(t for t in tests if (t.chapter, t.id) not in records)
            records[test.chapter, test.id] = _record(test, FAILED, ended)
            watch(records[test.chapter, test.id])
    return _report(plan, "here", tests, records, {}, missing)


def collect(root: Path, files: Sequence[Path]) -> list[Test]:
    """The tests of visible suites, read from their source in milliseconds."""
    import ast

    found = []
    for path in files:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            marks = [
                d.args[0].value
                for d in node.decorator_list
                if isinstance(d, ast.Call)
                and isinstance(d.func, ast.Attribute)
                and d.func.attr == "exercise"
                and isinstance(d.args[0], ast.Constant)
            ]
            if not marks:
                raise UnjudgedError(f"{path.name}::{node.name} has no marker exercise(name)")
            sentence = " ".join((ast.get_docstring(node) or "").split())
            visible = path.name == "test_visible.py"
            chapter = path.parent.name
            found.append(
                Test(f"{path.name}::{node.name}", chapter, str(marks[0]), visible, sentence)
            )
    return found


def _run_here(plan: Plan, tests: Sequence[Test], *, interactive: bool) -> Iterator[dict[str, Any]]:
    """Run tests in a process of their own; a last message says how it ended, if not well."""
    names = [f"{plan.root / 'tests' / t.chapter / t.id.split('::')[0]}::{t.name}" for t in tests]
    with scratch.folder() as folder:
        results = Path(folder) / "results.jsonl"
        results.touch()
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [
                *(sys.executable, "-I", "-m", "pytest"),
                *arguments(plan.root, map(Path, names), plan.seed),
                *("--subject", str(plan.subject), "--kata-results", str(results)),
                *(["--own"] if plan.own else []),
            ],
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=None if interactive else subprocess.PIPE,
            stderr=subprocess.STDOUT if not interactive else None,
            # What a process that is stopped leaves behind goes with our folder.
            env=environment() | {"TERM": os.environ.get("TERM", "dumb"), "TMPDIR": str(folder)},
        )
        # On a terminal there is Ctrl-C, and somebody may be at a breakpoint.
        seconds = None if interactive else plan.course.limits.test_seconds
        yield from _follow(process, results, len(tests), seconds)


def _follow(
    process: subprocess.Popen[bytes], results: Path, expected: int, seconds: int | None
) -> Iterator[dict[str, Any]]:
    import threading
    import time

    said: list[bytes] = []
    if process.stdout:
        pipe = process.stdout
        reader = threading.Thread(target=lambda: said.append(pipe.read()), daemon=True)
        reader.start()
    seen, last = 0, time.monotonic() + IMPORT_SECONDS
    try:
        with results.open(encoding="utf-8") as lines:
            while True:
                ended = process.poll() is not None
                if line := lines.readline():
                    yield json.loads(line)
                    seen, last = seen + 1, time.monotonic()
                elif ended:
                    break
                elif seconds is not None and time.monotonic() - last > seconds:
                    yield {"ended": f"the test did not end within {seconds} s"}
                    return
                else:
                    time.sleep(0.02)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
    if seen == 0 and process.returncode not in (0, 1):
        text = b"".join(said).decode("utf-8", "replace").strip().splitlines()
        errors = [line for line in text if line.startswith("E ")] or text
        if process.returncode in (2, 3, 4, 5) and errors:
            why = errors[-1].removeprefix("E ").removeprefix("ERROR: ").strip()
            raise UnjudgedError(f"the suite cannot be run: {why}")
    if seen < expected:
        yield {"ended": f"the process ended during the test (exit code {process.returncode})"}


def layers() -> tuple[str, ...]:
    """The layers between the judge and the code it judges, as a report carries them."""
    from .seam.sandbox import active_layers

    return (*LAYERS, *(layer.name for layer in active_layers() if layer.active))


def versions() -> dict[str, str]:
    """The versions that a report carries."""
    found = {"grader": __version__, "python": sys.version.split()[0]}
    for name in ("torch", "pytest", "hypothesis"):
        found[name] = metadata.version(name)
    return found


def _missing(plan: Plan) -> dict[str, str]:
    """Why a chapter cannot be read, for those that cannot."""
    if not plan.subject.is_dir():
        raise UsageError(f"{plan.subject} is not a folder; name one that holds chapter modules")
    if not 0 <= plan.seed <= MAX_SEED:
        raise UsageError(f"--seed is {plan.seed}, not 0 to {MAX_SEED}")
    found = {}
    for chapter in plan.chapters:
        try:
            read_source(plan.subject, chapter.name)
        except SubjectMissing as error:
            found[chapter.name] = str(error)
    return found


def _record(test: Test, verdict: str, message: str) -> dict[str, Any]:
    return {**vars(test), "verdict": verdict, "message": message, "seconds": 0.0}


def chapter_report(
    chapter: Chapter,
    tests: Sequence[Test],
    records: Mapping[str, dict[str, Any]],
    lost: str = "",
    *,
    handed_in: bool = True,
) -> ChapterReport:
    """One chapter's verdicts; a test without a record is UNJUDGED and never left out.

    Args:
        chapter: The chapter.
        tests: All that were collected, of this chapter and of others.
        records: What came back, by test id.
        lost: Why records are missing, if they are.
        handed_in: Whether there was something to judge.
    """

    def of(test: Test) -> TestReport:
        why = lost or "the test did not run"
        record = records.get(test.id) or _record(test, UNJUDGED, why)
        words = (record["verdict"], test.sentence, record["message"], record["seconds"])
        return TestReport(test.id, test.visible, *words)

    exercises = tuple(
        ExerciseReport(
            e.name,
            e.points,
            tuple(of(t) for t in tests if (t.chapter, t.exercise) == (chapter.name, e.name)),
        )
        for e in chapter.exercises
    )
    return ChapterReport(chapter.name, chapter.title, handed_in, exercises)


def _report(
    plan: Plan,
    mode: str,
    tests: Sequence[Test],
    records: dict[tuple[str, str], dict[str, Any]],
    lost: dict[str, str],
    missing: dict[str, str],
) -> Report:
    chapters = []
    for chapter in plan.chapters:
        name = chapter.name
        handed_in = (plan.subject / f"{name}.py").exists() or name not in missing
        found = {test: r for (where, test), r in records.items() if where == name}
        made = chapter_report(chapter, tests, found, lost.get(name, ""), handed_in=handed_in)
        if plan.exercise is not None:
            exercises = tuple(e for e in made.exercises if e.name == plan.exercise)
            made = replace(made, exercises=exercises)
        chapters.append(made)
    return Report(
        subject=inert(plan.subject.resolve().name).replace("\n", ""),
        mode=mode,
        seed=plan.seed,
        chapters=tuple(chapters),
        sandbox=layers() if mode == "judged" else (),
        versions=versions(),
    )
