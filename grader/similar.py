"""Suspiciously alike pairs of submissions, by winnowing; it reports, and never scores.

copydetect makes a text's fingerprints: names, layout, comments, docstrings, imports and
parentheses do not count, and every stretch of `GRAM` characters of what is left does, wherever it
stands. What the stub, the reference or a right alternative holds too is nobody's own and is taken
away, and so is what many submissions share: the book's text, a lecture's idea. A pair is alike if
enough of what remains is shared.
"""

from __future__ import annotations

import ast
import io
import warnings
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, TypeGuard

from . import handin
from .errors import UsageError
from .overlay import overlay, read_answer
from .release import stub_of

SCHEMA = 1
GRAM = 20  # characters of what counts: about half a line
MARK = "0" * GRAM
LEAST = 200  # of them that a pair shares, about ten lines; less is chance
SHARE = 0.7  # of what is a submission's own
COMMON = 10  # submissions: what more of them share, the class has from elsewhere
LARGEST = 128 << 10  # bytes of a module; the reference's largest has about 30,000
REPEATS = 16  # places of one stretch that are followed; a file may say one thing for ever

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Side:
    """One submission of a pair.

    Attributes:
        name: The submission's.
        share: How much of what is its own the other one has too, 0 to 1.
        longest: First and last line of the longest stretch in common.
        lines: Every line that is shared.
        text: The module, for those who look at it.
    """

    name: str
    share: float
    longest: tuple[int, int]
    lines: frozenset[int] = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True)
class Pair:
    """Two submissions of one chapter that are alike."""

    chapter: str
    left: Side
    right: Side

    @property
    def rank(self) -> tuple[float, int, str, str, str]:
        """The most alike first."""
        first, last = self.left.longest
        share = round(max(self.left.share, self.right.share), 2)
        return -share, first - last, self.chapter, self.left.name, self.right.name


@dataclass
class Found:
    """What `compare` has to say.

    Attributes:
        submissions: How many there are.
        pairs: The most alike first.
        left_out: (name, chapter, why): what was handed in and cannot be compared.
        common: By chapter, the submissions in which there is much that more than `COMMON` share.
        ignored: Entries of the folder that are no submissions.
    """

    submissions: int = 0
    pairs: list[Pair] = field(default_factory=list)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    common: dict[str, list[str]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """For programs; names are as they are."""
        return {
            "schema": SCHEMA,
            "submissions": self.submissions,
            "pairs": [
                {
                    "chapter": pair.chapter,
                    "of": [
                        {
                            "name": side.name,
                            "share": round(side.share, 2),
                            "shared_lines": len(side.lines),
                            "longest": list(side.longest),
                        }
                        for side in (pair.left, pair.right)
                    ],
                }
                for pair in self.pairs
            ],
            "left_out": [
                {"name": name, "chapter": chapter, "why": why}
                for name, chapter, why in self.left_out
            ],
            "common": self.common,
        }


class _Prints:
    """The fingerprints of a text, and the way back to its lines."""

    def __init__(self, name: str, text: str) -> None:
        import numpy as np
        from copydetect import CodeFingerprint

        self.name, self.text = name, text
        # A window of one keeps every stretch, so that a run says what the last one said.
        body = _bare(text)
        made = CodeFingerprint("", GRAM, 1, language="python", fp=io.StringIO(body))
        # Behind the name of a class, its table of places forgets what came before.
        if len(made.offsets):
            made.offsets[:, 1] = np.maximum.accumulate(made.offsets[:, 1])
        self.made = made
        self._skipped = len(body) - len(body.lstrip("\n"))  # which it does not count
        self._ends = [at for at, c in enumerate(body) if c == "\n"]

    def without(self, others: set[int]) -> None:
        """Take the fingerprints of others away."""
        from copydetect.utils import get_token_coverage

        made = self.made
        # Its own way of doing so takes whatever a text says twice for somebody else's.
        made.hashes = made.hashes - others
        made.hash_idx = {one: made.hash_idx[one] for one in made.hashes}
        made.token_coverage = get_token_coverage(made.hash_idx, GRAM, len(made.filtered_code))

    def line(self, place: float) -> int:
        """The line of a place in the text."""
        return bisect_left(self._ends, int(place) + self._skipped) + 1

    def lines(self, start: float, end: float) -> range:
        """The lines of a stretch."""
        return range(self.line(start), self.line(max(start, end - 1)) + 1)

    def origin(self, place: int) -> int:
        """A place among the characters that count -> the place in the text."""
        import numpy as np

        offsets = self.made.offsets
        at = min(int(np.searchsorted(offsets[:, 0], place)), len(offsets) - 1)
        return int(place + offsets[at, 1])


def compare(
    root: Path,
    submissions: Path,
    chapters: Iterable[str],
    *,
    share: float = SHARE,
    common: int = COMMON,
    watch: Progress = lambda done, total, text: None,
) -> Found:
    """Find the pairs that are alike.

    Args:
        root: The instructor's checkout, for what is nobody's own.
        submissions: A folder with a folder or an archive for each.
        chapters: Names of the chapters to look at.
        share: The least share of one of the two that the other has too.
        common: What more submissions than these share is not counted.
        watch: Is told (done, total, name).

    Raises:
        UsageError: There are no submissions, no solutions, a bad share, or copydetect is missing.
    """
    try:
        import copydetect  # noqa: F401
    except ImportError:
        raise UsageError("likeness needs copydetect: pip install 'llm-kata[classroom]'") from None
    if not 0 < share <= 1:
        raise UsageError(f"--share is {share:g}; it is more than 0 and at most 1")
    if common < 2:
        raise UsageError(f"--common is {common}; a pair has 2 submissions")
    names = list(chapters)
    everybody = {name: _nobodys_own(root, name) for name in names}
    entries, ignored = handin.find(submissions)
    found = Found(len(entries), ignored=ignored)
    prints: dict[str, list[_Prints]] = {name: [] for name in names}
    for number, entry in enumerate(entries):
        watch(number, len(entries), entry.name)
        for chapter, module in handin.read(entry, names).items():
            text, why = _readable(module)
            if text is not None:
                made = _Prints(entry.name, text)
                made.without(everybody[chapter])
                prints[chapter].append(made)
            elif module.handed_in:
                found.left_out.append((entry.name, chapter, why))
    for chapter, those in prints.items():
        if much := _drop_common(those, common):
            found.common[chapter] = much
        found.pairs += _alike(chapter, those, share)
    found.pairs.sort(key=lambda pair: pair.rank)
    return found


def _nobodys_own(root: Path, chapter: str) -> set[int]:
    """The fingerprints of the stub, the reference and the right alternatives."""
    path = root / "solutions" / f"{chapter}.py"
    try:
        reference = path.read_text(encoding="utf-8")
    except OSError:
        raise UsageError(f"{path} is not there; likeness is told from the reference's") from None
    texts = [reference, stub_of(reference, chapter)]
    for answer in sorted((root / "tests" / chapter / "right").glob("*.py")):
        texts.append(overlay(reference, read_answer(answer).text))
    return {one for text in texts for one in _Prints("", text).made.hashes}


def _readable(module: handin.Module) -> tuple[str | None, str]:
    """The text of a module, or why there is nothing to compare."""
    file = f"{module.chapter}.py"
    if module.data is None:
        return None, module.why
    if len(module.data) > LARGEST:
        return (
            None,
            f"{file} has {len(module.data):,} bytes; more than {LARGEST:,} are not compared",
        )
    try:
        text = module.data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        return None, f"{file} is not UTF-8 text (byte {error.start})"
    if not text.strip():
        return None, f"{file} is empty"
    try:
        _bare(text)
    except SyntaxError as error:
        where = f" (line {error.lineno})" if error.lineno else ""
        return None, f"{file} does not parse{where}"
    except (ValueError, RecursionError, MemoryError):  # null bytes; a thousand brackets
        return None, f"{file} does not parse"
    return text, ""


def _bare(text: str) -> str:
    """The text, line by line, without docstrings, imports and parentheses.

    A definition begins with a mark as long as a fingerprint, so that none spans two of them and
    their order does not count.
    """
    lines = text.split("\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a stranger's string escapes
        tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_text(node):
            first, last = node.lineno - 1, node.end_lineno or node.lineno
            before = lines[first].encode()[: node.col_offset]
            after = lines[last - 1].encode()[node.end_col_offset :]
            if not before.strip() and not after.strip():
                lines[first:last] = [""] * (last - first)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = min(n.lineno for n in (node, *node.decorator_list)) - 1
            lines[first] = f"{MARK} {lines[first]}"
    return "\n".join(lines).translate({ord("("): " ", ord(")"): " "})


def _is_text(node: ast.AST) -> TypeGuard[ast.Expr]:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _drop_common(prints: Sequence[_Prints], common: int) -> list[str]:
    """Take away what too many share; returns in whom that was much."""
    count = Counter(one for those in prints for one in those.made.hashes)
    many = {one for one, number in count.items() if number > common}
    much = []
    for those in prints:
        before = those.made.token_coverage
        those.without(many)
        if before - those.made.token_coverage >= LEAST:
            much.append(those.name)
    return much


def _alike(chapter: str, prints: Sequence[_Prints], share: float) -> list[Pair]:
    from copydetect import compare_files

    holders: defaultdict[int, list[int]] = defaultdict(list)
    for number, those in enumerate(prints):
        for one in those.made.hashes:
            holders[one].append(number)
    shared = Counter(pair for those in holders.values() for pair in combinations(sorted(those), 2))
    pairs = []
    for (a, b), _ in sorted(shared.items()):
        left, right = prints[a], prints[b]
        count, shares, slices = compare_files(left.made, right.made)
        if count < LEAST or max(shares) < share:
            continue
        longest = _longest(left, right)
        sides = [
            Side(
                one.name,
                min(float(part), 1.0),
                stretch,
                frozenset(n for start, end in where.T for n in one.lines(start, end)),
                one.text,
            )
            for one, part, stretch, where in zip(
                (left, right), shares, longest, slices, strict=True
            )
        ]
        pairs.append(Pair(chapter, *sides))
    return pairs


def _longest(left: _Prints, right: _Prints) -> list[tuple[int, int]]:
    """Lines of the longest stretch that stands in both, of what is their own."""
    places = [
        (i, j)
        for one in left.made.hashes & right.made.hashes
        for i in left.made.hash_idx[one][:REPEATS]
        for j in right.made.hash_idx[one][:REPEATS]
    ]
    best, run, last = (0, 0, 0), 0, None
    for shift, i in sorted((j - i, i) for i, j in places):
        run = run + 1 if last == (shift, i - 1) else 1
        last = shift, i
        if run > best[0]:
            best = run, i - run + 1, i - run + 1 + shift
    length = best[0] - 1 + GRAM
    found = []
    for one, start in ((left, best[1]), (right, best[2])):
        lines = one.lines(one.origin(start), one.origin(start + length - 1) + 1)
        found.append((lines[0], lines[-1]))
    return found
