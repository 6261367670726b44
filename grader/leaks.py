"""What a learner must not see, and where a folder shows it.

Secret is every line of substance of a solution's body, a hidden test, a wrong answer or a right
alternative, unless it also stands where a learner may look: outside of the markers, or in a
visible test. A folder for learners holds text alone, so that nothing can be hidden in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from .release import given_and_bodies

MIN_LENGTH = 20  # characters; shorter lines are `else:`, `return x` and the like
# The head of a block says little without the block; a function's says what is tested.
_HEAD = re.compile(r"(?!def |class ).{0,49}:|@[\w.]+(\(\))?|(import|from) .*|exercise: .*|#.*")
# Lines that a hidden test or an answer shares with the grader by chance.
IDIOMS = frozenset(
    {
        'HEADING = "### Response:"',
        "generator = torch.Generator().manual_seed(seed)",
        "parts = urlsplit(url)",
    }
)


def secret_lines(root: Path) -> frozenset[str]:
    """The secret lines of a checkout, with single spaces."""
    shut: set[str] = set(IDIOMS)
    secret: set[str] = set()
    for path in sorted((root / "solutions").glob("*.py")):
        given, bodies = given_and_bodies(path.read_text(encoding="utf-8"))
        shut |= set(_plain(given))
        secret |= set(_plain(bodies))
    for path in sorted((root / "tests").glob("*/*.py")):
        lines = set(_plain(path.read_text(encoding="utf-8").splitlines()))
        if path.name == "test_hidden.py":
            secret |= lines
        elif path.name == "test_visible.py":
            shut |= lines
    for kind in ("wrong", "right"):
        for path in sorted((root / "tests").glob(f"*/{kind}/*.py")):
            secret |= set(_plain(path.read_text(encoding="utf-8").splitlines()))
    return frozenset(line for line in secret - shut if is_telling(line))


def is_telling(line: str) -> bool:
    """Whether a line says something by itself."""
    return len(line) >= MIN_LENGTH and not _HEAD.fullmatch(line)


def leaks(files: Mapping[str, bytes], secret: frozenset[str]) -> list[str]:
    """Where files show a secret line, or are no text and could hold any."""
    found = []
    for name, content in files.items():
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            found.append(f"{name} is not text")
            continue
        if "\0" in text:
            found.append(f"{name} is not text")
        for number, line in enumerate(_plain(text.splitlines()), 1):
            if line in secret:
                found.append(f"{name}, line {number}: {line}")
    return found


def _plain(lines: Iterable[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines]
