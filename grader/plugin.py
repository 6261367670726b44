"""The pytest plugin: fixtures `chapter` and `probe`, marker `exercise`, verdicts.

Every test runs in one of two modes, unchanged. Here, `chapter` is the subject's module in this
process. Judged, it is a stand-in for the module in a worker (`seam.remote`).
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import json
import os
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from .course import Chapter, Course, Exercise, load_course, preloads
from .errors import SubjectKilled, SubjectSpent, SubjectTimeout, UnjudgedError
from .model.tokenizer import fill_tiktoken_cache
from .opening import Opening, compile_ahead
from .seam.nursery import Started, start
from .seam.sandbox import hide
from .verdict import Outcome, judge_exception

if TYPE_CHECKING:
    from .seam.remote import Nursery

ROOT = Path(__file__).resolve().parent.parent
SUITE_FILES = {"test_visible.py": True, "test_hidden.py": False}
MIN_EXAMPLES = 5  # a property that ran fewer proves nothing: an error of ours
MAX_EXPLAINED = 4_000  # characters and parts of a value that pytest may compare in words
SLACK = 120.0  # seconds, beside a test's own, in which a judge's fork must say something
MAX_TIMEOUTS = 3  # of one chapter; then its other tests are not run


@dataclass(frozen=True)
class TestResult:
    """One test's record, as it is written for the process that asked for it."""

    __test__ = False

    id: str
    chapter: str
    exercise: str
    visible: bool
    verdict: str
    sentence: str
    message: str
    seconds: float


class Grading:
    """What one pytest process knows: course, mode, subject, and where results go."""

    def __init__(self, config: pytest.Config) -> None:
        option = config.option
        here = config.rootpath
        own = here if (here / "exercises" / "course.toml").is_file() else ROOT
        self.root = Path(option.kata_root or own).resolve()
        self.course: Course = load_course(self.root / "exercises" / "course.toml")
        self.judged: bool = option.judged
        self.own: bool = option.own
        self.subject = Path(option.subject or self.root / "exercises").resolve()
        self.reference = self.root / "solutions"
        seed = config.getoption("hypothesis_seed", None)
        self.seeded = seed is not None
        self.seed = int(seed) if self.seeded and str(seed).lstrip("-").isdigit() else 0
        self.timeouts: dict[str, set[str]] = {}  # by chapter, the tests that ran out of time
        self.spent: dict[str, float] = {}
        self.passing = True
        self.sink: TextIO | None = None
        if option.kata_results:
            self.sink = Path(option.kata_results).open("a", encoding="utf-8")  # noqa: SIM115 - till close
        self._nursery: Nursery | None = None
        self._started: Started | None = None
        self.starts_workers = option.judged or option.kata_serve is not None
        if self.starts_workers:
            plugins = config.pluginmanager.get_plugins()
            self._started = next((one for one in plugins if isinstance(one, Started)), None)
        if self.starts_workers and self._started is None:
            # It imports torch while the suites are collected.
            self._started = start(preloads(self.named(config.args)))

    @functools.cached_property
    def opening(self) -> Opening:
        """Opens the subject for each test."""
        nursery = self.start_nursery if self.judged else None
        return Opening(self.course, self.subject, self.reference, own=self.own, nursery=nursery)

    def named(self, paths: Sequence[str]) -> Sequence[Chapter]:
        """The chapters at these paths; none named: all."""
        chapters = self.course.chapters
        return [c for c in chapters if any(c.name in path for path in paths)] or chapters

    def start_nursery(self) -> Nursery:
        """The process that workers are forked from; started at first use."""
        if self._nursery is None:
            from .seam.remote import Nursery

            self._nursery = Nursery(self._started, self.course.limits)
        return self._nursery

    def take(self, job: dict[str, Any], nursery: Nursery | None, sink: TextIO) -> None:
        """Become the grading of one job, in a fork of the judge."""
        self.subject = Path(job["subject"])
        self.judged, self.own = job["judged"], job["own"]
        self._nursery, self.sink = nursery, sink

    def report(self, result: TestResult) -> None:
        """Write one record."""
        self.passing = self.passing and result.verdict == "PASSED"
        if self.sink:
            self.sink.write(json.dumps(asdict(result)) + "\n")
            self.sink.flush()

    def close(self) -> None:
        """End the workers and the nursery, and close the results."""
        self.opening.close()
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None
        if self.sink:
            self.sink.close()
            self.sink = None


_uncollected = pytest.StashKey[list[str]]()
_grading = pytest.StashKey[Grading]()
_outcome = pytest.StashKey[Outcome]()
_started = pytest.StashKey[float]()
_following = pytest.StashKey[pytest.Item | None]()
_tries = pytest.StashKey[int]()  # left for a test whose worker somebody else kills
_again = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the grader."""
    group = parser.getgroup("kata")
    group.addoption("--subject", help="folder with the chapters under test (default: exercises/)")
    group.addoption("--judged", action="store_true", help="run the subject in a worker")
    group.addoption("--own", action="store_true", help="earlier chapters from the subject too")
    group.addoption("--kata-root", help="folder of exercises/, solutions/ and tests/")
    group.addoption("--kata-results", help="append one JSON line per test to this file")
    group.addoption("--kata-serve", type=int, help="take jobs from this socket (judge.py)")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, the Hypothesis profiles, and this run's state."""
    _import_torch()
    from hypothesis import HealthCheck, Phase, settings

    os.environ.setdefault("OMP_NUM_THREADS", "1")  # of small tensors, more would only wait
    # tiktoken's vocabulary, so that it need not be fetched; the nursery passes it on.
    os.environ.update(fill_tiktoken_cache())
    config.addinivalue_line("markers", "exercise(name): the exercise that a test is for")
    grading = Grading(config)
    config.stash[_grading] = grading
    config.stash[_uncollected] = []
    unfit = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    common: dict[str, Any] = {
        "database": None,
        "deadline": None,
        "derandomize": not grading.seeded,
        "print_blob": False,
        "report_multiple_bugs": False,
        "suppress_health_check": unfit,
        "max_examples": 20,
    }
    seen = (Phase.explicit, Phase.generate, Phase.shrink)
    settings.register_profile("kata-visible", phases=seen, **common)
    settings.register_profile("kata-hidden", phases=seen[:2], **common)


def _import_torch() -> None:
    """Now, when the collector may be off: of so many new objects, none is ever garbage."""
    gc.disable()
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:  # not there, or a library that it needs
        words = f"torch cannot be imported ({error}); set the course up as README.md says"
        raise pytest.UsageError(words) from None
    else:
        gc.freeze()
    finally:
        gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what this run started."""
    if grading := config.stash.get(_grading, None):
        grading.close()


def _is_suite(path: Path) -> bool:
    return path.name in SUITE_FILES


def _load_profile(path: Path) -> None:
    from hypothesis import settings

    if _is_suite(path):
        settings.load_profile("kata-visible" if SUITE_FILES[path.name] else "kata-hidden")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """A suite's settings inherit from the profile that is active while it is imported."""
    if isinstance(collector, pytest.Module):
        _load_profile(collector.path)
    report = yield
    if report.failed:
        words = str(report.longrepr).strip().splitlines()[-1].removeprefix("E ").strip()
        collector.config.stash[_uncollected].append(f"{collector.path} does not load: {words}")
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Hold every test of a suite to its form: one exercise, one sentence."""
    grading = config.stash[_grading]
    exercises = []
    for item in items:
        if _is_suite(item.path):
            exercises.append(_exercise_of(grading, item))
            if not _sentence(item):
                raise pytest.UsageError(f"{item.nodeid} has no docstring, the learner's sentence")
    if grading.starts_workers:
        with contextlib.suppress(UnjudgedError):  # whoever asks for a worker will be told
            grading.start_nursery().close_rules(exercise.rules for exercise in exercises)
    if grading.judged:  # now, while the nursery is busy too
        chapters = {grading.course.chapter(exercise.chapter) for exercise in exercises}
        _import_ahead(name for chapter in chapters for name in chapter.oracles)


def _exercise_of(grading: Grading, item: pytest.Item) -> Exercise:
    marker = item.get_closest_marker("exercise")
    if marker is None or len(marker.args) != 1:
        raise pytest.UsageError(f"{item.nodeid} has no marker exercise(name)")
    return grading.course.chapter(item.path.parent.name).exercise(marker.args[0])


def short_id(item: pytest.Item) -> str:
    """`test_visible.py::test_rows_sum_to_one`."""
    return f"{item.path.name}::{item.name}"


def _import_ahead(names: Iterable[str]) -> None:
    from .seam.warm import import_ahead

    import_ahead(names)


def _warm_up() -> None:
    """Do once, before the forks, what Hypothesis does at its first example of a process."""
    from hypothesis import given, settings
    from hypothesis import strategies as st

    from .seam.warm import warm

    settings(max_examples=1)(given(st.none())(lambda _: None))()
    warm()


def _unread(_excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
    """In place of pytest's long report of a failure, which is slow to make and nobody sees."""
    return ""


def _sentence(item: pytest.Item) -> str:
    return " ".join((item.obj.__doc__ or "").split())  # type: ignore[attr-defined]


def test_seed(seed: int, item: pytest.Item) -> int:
    """A seed of its own for each test, from the grading seed."""
    text = f"{seed}:{item.path.parent.name}/{short_id(item)}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


test_seed.__test__ = False  # type: ignore[attr-defined]


def subject_seed(seed: int, item: pytest.Item) -> int:
    """Another one for the subject's side, from which the test's draws do not follow."""
    return test_seed(seed, item) ^ 0x5EED


@pytest.fixture
def _opened(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    import torch

    grading = request.config.stash[_grading]
    exercise = _exercise_of(grading, request.node)
    if len(grading.timeouts.get(exercise.chapter, ())) >= MAX_TIMEOUTS:
        raise SubjectSpent(f"not run: {MAX_TIMEOUTS} tests of this chapter ran out of time")
    budget = grading.course.limits.chapter_seconds
    if grading.spent.get(exercise.chapter, 0) >= budget:
        raise SubjectSpent(f"not run: the chapter's {budget} s are used up")
    torch.default_generator.manual_seed(test_seed(grading.seed, request.node))
    with grading.opening.opened(exercise, subject_seed(grading.seed, request.node)) as both:
        following = request.node.stash.get(_following, None)
        if following is not None and _is_suite(following.path):
            seed = subject_seed(grading.seed, following)
            grading.opening.ahead(_exercise_of(grading, following), seed)
        yield both


@pytest.fixture
def chapter(_opened: tuple[Any, Any]) -> Any:
    """The chapter under test: its module, or a stand-in for it."""
    return _opened[0]


@pytest.fixture
def probe(_opened: tuple[Any, Any]) -> Any:
    """What a test does to the subject beyond calling it."""
    return _opened[1]


class _Jobs:
    """What a judge process does for a job: something before the fork, the tests in it."""

    def __init__(self, grading: Grading, items: Sequence[pytest.Item]) -> None:
        self._grading, self._items = grading, items

    def prepare(self, job: dict[str, Any]) -> Nursery | None:
        """Load what no fork should load again; the job's nursery, if it is judged."""
        grading = self._grading
        chapter = grading.course.chapter(job["chapter"])
        _import_ahead((*chapter.oracles, *(() if job["judged"] else chapter.preload)))
        if not job["judged"]:
            return None
        before = tuple(c.name for c in grading.course.before(chapter.name))
        compile_ahead(grading.reference, before)
        rule_sets = [_exercise_of(grading, item).rules for item in self._of(job)]
        return grading.start_nursery().fork(rule_sets, job["call_seconds"])

    def work(self, job: dict[str, Any], nursery: Nursery | None, sink: TextIO) -> None:
        """Run the tests of a job, in a fork of the judge."""
        self._grading.take(job, nursery, sink)
        items = self._of(job)
        for item, following in zip(items, [*items[1:], None], strict=True):
            # The first is asked when a test fails, the other when it could not begin.
            item.repr_failure = item._repr_failure_py = _unread  # type: ignore[method-assign,assignment]
            item.stash[_tries], item.stash[_again] = 1, True
            while item.stash[_again]:
                item.stash[_again] = False
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if job["to_first"] and not self._grading.passing:
                break
        self._grading.opening.close()

    def _of(self, job: dict[str, Any]) -> list[pytest.Item]:
        wanted = None if job["tests"] is None else set(job["tests"])
        return [
            item
            for item in self._items
            if item.path.parent.name == job["chapter"]
            and (wanted is None or short_id(item) in wanted)
        ]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """In a judge process, serve jobs instead of running everything once."""
    descriptor = session.config.option.kata_serve
    if descriptor is None:
        return None
    import socket

    from .judge import Server, Test

    if session.testsfailed:  # a suite that does not load would leave its tests out silently
        raise pytest.UsageError(session.config.stash[_uncollected][0])
    grading = session.config.stash[_grading]
    tests = []
    for item in session.items:
        exercise = _exercise_of(grading, item)
        visible, words = SUITE_FILES[item.path.name], _sentence(item)
        tests.append(Test(short_id(item), exercise.chapter, exercise.name, visible, words))

    _warm_up()
    hide()
    silence = 2 * grading.course.limits.test_seconds + SLACK
    jobs = _Jobs(grading, session.items)
    control = socket.socket(fileno=descriptor)
    server = Server(control, tests, jobs.prepare, jobs.work, silence)
    try:
        server.serve()
    except UnjudgedError as error:
        server.say({"trouble": str(error)})
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, Any, Any]:
    """Note the time and what follows, and load the profile for tests without settings."""
    item.stash[_following] = nextitem
    item.stash[_started] = time.monotonic()
    _load_profile(item.path)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Do not explain how large values differ: that can take pytest longer than any deadline."""
    from _pytest.assertion import util

    explain = util._reprcompare
    if explain is not None and _is_suite(item.path):
        util._reprcompare = lambda op, left, right: (
            explain(op, left, right) if _is_small(left) and _is_small(right) else None
        )
    return (yield)


def _is_small(value: Any) -> bool:
    """Whether a value has at most some thousand characters and parts."""
    left, waiting = MAX_EXPLAINED, [value]
    while waiting and left > 0:
        one = waiting.pop()
        if type(one) is int:
            left -= one.bit_length() // 8
        elif type(one) in (str, bytes):
            left -= len(one)
        elif type(one) in (list, tuple, dict) and len(one) <= left:
            waiting += [*one, *(one.values() if type(one) is dict else ())]
        elif type(one) in (list, tuple, dict):
            return False
        left -= 1
    return left > 0


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Count the examples that a property really ran."""
    handle = getattr(pyfuncitem.obj, "hypothesis", None)
    if handle is None or not _is_suite(pyfuncitem.path):
        return (yield)
    inner, ran = handle.inner_test, 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal ran
        inner(*args, **kwargs)
        ran += 1

    handle.inner_test = counted
    try:
        result = yield
    finally:
        handle.inner_test = inner
    if ran < MIN_EXAMPLES:
        raise UnjudgedError(f"{pyfuncitem.nodeid} ran only {ran} examples")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn what happened into a verdict; the record is written after teardown."""
    report = yield
    if not _is_suite(item.path):
        return report
    grading = item.config.stash[_grading]
    exercise = _exercise_of(grading, item)
    visible = SUITE_FILES[item.path.name]
    if call.excinfo is not None:
        known = {e.id for e in grading.course.chapter(exercise.chapter).exercises}
        outcome = judge_exception(call.excinfo, call.when, exercise, visible, known)
        if isinstance(call.excinfo.value, SubjectKilled) and item.stash.get(_tries, 0):
            item.stash[_tries] -= 1  # it may have been the system, for want of memory
            item.stash[_again] = True
        if isinstance(call.excinfo.value, SubjectTimeout):
            grading.timeouts.setdefault(exercise.chapter, set()).add(short_id(item))
        previous = item.stash.get(_outcome, None)
        ours = isinstance(call.excinfo.value, UnjudgedError)
        if previous is None or previous.verdict == "PASSED" or ours:
            item.stash[_outcome] = outcome
    elif call.when == "call":
        item.stash[_outcome] = Outcome("PASSED", "")
    if call.when == "teardown":
        outcome = item.stash.get(_outcome, Outcome("UNJUDGED", "the test did not run"))
        del item.stash[_outcome]
        seconds = time.monotonic() - item.stash[_started]
        grading.spent[exercise.chapter] = grading.spent.get(exercise.chapter, 0) + seconds
        if item.stash.get(_again, False):
            return report
        grading.report(
            TestResult(
                id=short_id(item),
                chapter=exercise.chapter,
                exercise=exercise.name,
                visible=visible,
                verdict=outcome.verdict,
                sentence=_sentence(item),
                message=outcome.message,
                seconds=round(seconds, 4),
            )
        )
    return report
