"""What happened in a test -> its verdict, and what the learner reads about it.

CI proves that the reference passes every test, so an exception inside a test is the learner's:
FAILED. Trouble outside a test is ours: UNJUDGED. A test that met the stub of an exercise which
its own one needs is SKIPPED and names that exercise; it counts as not passed.

Of a hidden test nothing is shown but its sentence and the kind of failure: neither data nor a
word that the learner's code has chosen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pytest

from .course import Exercise
from .errors import (
    SubjectBroken,
    SubjectDied,
    SubjectError,
    SubjectMissing,
    SubjectRefused,
    SubjectSpent,
    SubjectStopped,
    SubjectTimeout,
    UnjudgedError,
)
from .subject import subject_frames

MAX_MESSAGE = 4_000  # characters of one test's message


@dataclass(frozen=True)
class Outcome:
    """A verdict and the message beside it."""

    verdict: str
    message: str


def judge_exception(
    excinfo: pytest.ExceptionInfo[BaseException],
    when: str,
    exercise: Exercise,
    visible: bool,
    known: Collection[str],
) -> Outcome:
    """The verdict on a phase of a test that raised.

    Args:
        excinfo: What was raised.
        when: "setup", "call" or "teardown".
        exercise: The exercise that the test is for.
        visible: Whether the learner may see the test's data.
        known: The chapter's exercises; a hidden test names no other one, since the name is a word
            of the learner's code, which has seen the data.
    """
    error = excinfo.value
    if isinstance(error, pytest.skip.Exception | pytest.xfail.Exception):
        return Outcome("UNJUDGED", f"the suite skips a test, which it must not: {error}")
    ours = isinstance(error, UnjudgedError) or (
        when != "call" and not isinstance(error, SubjectError) and not _frames(error)
    )
    if ours:
        return Outcome("UNJUDGED", inert(f"{type(error).__name__}: {error}"))
    if isinstance(error, NotImplementedError) and (stub := _stub_name(str(error))):
        name = ".".join(stub.split(".")[:2])
        if visible or name in known:
            if name != exercise.id:
                return Outcome("SKIPPED", f"needs {name}, which is not written yet")
            return Outcome("FAILED", f"not written yet: {stub if visible else name}")
    return Outcome("FAILED", _seen(error) if visible else _hidden(error))


def _stub_name(text: str) -> str | None:
    parts = text.split(".")
    good = len(parts) in (2, 3) and all(p.isidentifier() for p in parts)
    return text if good else None


def _hidden(error: BaseException) -> str:
    if isinstance(error, SubjectMissing | SubjectBroken | SubjectSpent):  # no data had crossed
        return inert(str(error))
    if isinstance(error, SubjectTimeout):
        return "ran out of time"
    if isinstance(error, SubjectStopped):  # says which limit, and nothing of the subject's
        return inert(str(error))
    if isinstance(error, SubjectDied):
        return "the process ended during the test"
    if isinstance(error, SubjectRefused):
        return "returned something that is not the value asked for"
    if isinstance(error, AssertionError) and not _frames(error):
        return "wrong result"
    return "raised an exception"


def _seen(error: BaseException) -> str:
    own = str(error).strip()
    if isinstance(error, AssertionError) and not _frames(error):
        # pytest adds the expression to a test's own words, which say it better.
        words, _, _ = own.removeprefix("AssertionError: ").partition("\nassert ")
        lines = [words]
    elif isinstance(error, SubjectError):
        lines = [own]
    else:
        lines = [
            f"raised {type(error).__name__}: {own}" if own else f"raised {type(error).__name__}"
        ]
    lines += [f"  at {place}" for place in _frames(error)[-3:]]
    for note in getattr(error, "__notes__", []):
        if note.startswith("Falsifying example"):
            lines.append(_example(note))
    return inert("\n".join(lines))


def _example(note: str) -> str:
    """Hypothesis' example without the fixtures, which say nothing to a learner."""
    kept = [
        line.strip()
        for line in note.splitlines()[1:]
        if line.strip() not in (")", "")
        and not line.strip().startswith(("chapter=", "probe=", "#", "("))
    ]
    return "  for example with " + " ".join(kept).rstrip(",") if kept else ""


def _frames(error: BaseException) -> list[str]:
    """Where in the subject's own files the exception passed, outermost first."""
    remote: Any = getattr(error, "subject_frames", None)
    if remote is not None:
        return list(remote)
    return subject_frames(error)


def inert(text: str) -> str:
    """Bounded, and without control characters, which a terminal would obey."""
    text = "".join(
        c for c in text if c == "\n" or (c.isprintable() and not 0xD800 <= ord(c) < 0xE000)
    )
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 20] + " … (cut here)"
