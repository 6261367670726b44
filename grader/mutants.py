"""Generic mutants: the reference with one operator or constant changed, which a suite must reject.

The changes are Cosmic Ray's; the runs are ours: each mutant is a job of the judge, which ends at
the first test that rejects it. A mutant that survives is a gap in the suite, unless it does the
same as the reference: then `tests/<chapter>/equivalent.toml` says why.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import scratch
from .course import Chapter
from .errors import KataError, UsageError
from .judge import Job, Judge
from .overlay import definition, splice
from .release import BEGIN, END
from .report import FAILED

CALL_SECONDS = 4  # for a call: some mutants never end
ENOUGH = 0.95  # of a chapter's mutants must be rejected
# `is` for `==` on values asks about the interpreter's memory, not about the code. Ten kinds of
# wrong operator for each right one are six too many: those of arithmetic stay.
_OPERATORS = re.compile(
    r"ReplaceBinaryOperator_\w+_(Add|Sub|Mul|Div|FloorDiv|Mod|Pow)"
    r"|ReplaceComparisonOperator_(Eq|NotEq|Lt|LtE|Gt|GtE)_(Eq|NotEq|Lt|LtE|Gt|GtE)"
    r"|ReplaceComparisonOperator_(Is_IsNot|IsNot_Is)"
    r"|ReplaceUnaryOperator_\w+|AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue"
    r"|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceBreakWithContinue|ReplaceContinueWithBreak"
    r"|NumberReplacer|ZeroIterationForLoop"
)


@dataclass(frozen=True)
class Mutant:
    """One change of the reference.

    Attributes:
        definition: The top-level function or class in which it is.
        line: The line as it was, without indentation.
        becomes: The same line changed.
        text: The whole chapter, changed.
    """

    definition: str
    line: str
    becomes: str
    text: str

    def __str__(self) -> str:
        return f"{self.definition}: {self.line}  ->  {self.becomes}"


@dataclass
class ChapterMutants:
    """What became of one chapter's mutants.

    Attributes:
        name: The chapter.
        made: How many mutants each definition has.
        rejected: How many of them a test rejected.
        explained: Survivors that do the same as the reference, each with the reason.
        survivors: Those that nothing explains.
        faults: Jobs that were lost, and explanations that fit no survivor.
    """

    name: str
    made: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    explained: list[tuple[Mutant, str]] = field(default_factory=list)
    survivors: list[Mutant] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Rejected mutants of all, 0 to 1."""
        return self.rejected.total() / self.made.total() if self.made else 0.0

    @property
    def enough(self) -> bool:
        """Whether the suite holds."""
        return self.share >= ENOUGH and not self.survivors and not self.faults


def mutants_of(reference: str) -> Iterator[Mutant]:
    """Every mutant of a chapter, in the order of its definitions.

    Args:
        reference: The chapter's text; only what stands between the solution markers is changed.

    Raises:
        UsageError: Cosmic Ray is not installed.
    """
    seen = set()
    lines = reference.splitlines()
    for node in ast.parse(reference).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        text = definition(reference, node.name) + "\n"
        last = node.end_lineno or 0
        before = last - text.count("\n")
        marked = {n - before for n in _marked(lines) if before < n <= last}
        for changed in _changes(text, marked):
            whole = splice(reference, {node.name: changed})
            if whole not in seen and _compiles(whole):
                seen.add(whole)
                yield Mutant(node.name, *_difference(text, changed), whole)


def _marked(lines: list[str]) -> set[int]:
    """The lines, from 1, that a learner writes."""
    inside, found = False, set()
    for number, line in enumerate(lines, 1):
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside:
            found.add(number)
    return found


def _changes(text: str, marked: set[int]) -> Iterator[str]:
    try:
        from cosmic_ray.ast import ast_nodes, get_ast
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.operators.provider import OperatorProvider
    except ImportError:
        raise UsageError("mutants need Cosmic Ray: pip install 'llm-kata[dev]'") from None
    provider = OperatorProvider()
    tree = get_ast(text)
    for name in provider:
        if not _OPERATORS.fullmatch(name):
            continue
        operator = provider[name]()
        places = [
            (node, start)
            for node in ast_nodes(tree)
            for start, _ in operator.mutation_positions(node)
        ]
        for occurrence, (node, (line, _)) in enumerate(places):
            if line in marked and not _is_annotation(node):
                changed = mutate_code(text, operator, occurrence)
                if changed is not None and changed != text:
                    yield changed


def _is_annotation(node: Any) -> bool:
    """Whether a node is in the type of a parameter, a variable or a result."""
    below = node
    while (above := below.parent) is not None:
        if above.type in ("annassign", "tfpdef"):
            return below is not above.children[0]
        if above.type == "funcdef" and above.annotation is below:
            return True
        below = above
    return False


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _difference(before: str, after: str) -> tuple[str, str]:
    """The first line that differs, as it was and as it became."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    was, became = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    return " ".join(was.split("#")[0].split()), " ".join(became.split("#")[0].split())


def audit_mutants(
    root: Path,
    chapters: Iterable[Chapter],
    seed: int,
    progress: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> list[ChapterMutants]:
    """Run every mutant of these chapters against their suites, judged.

    Raises:
        KataError: An equivalent.toml is not in order.
        UnjudgedError: The judge cannot be started.
    """
    chapters = list(chapters)
    found = {c.name: ChapterMutants(c.name) for c in chapters}
    with (
        scratch.folder() as folder,
        Judge(root, [c.name for c in chapters], seed) as judge,
    ):
        mutants: dict[str, Mutant] = {}
        jobs: list[Job] = []
        for chapter in chapters:
            text = (root / "solutions" / f"{chapter.name}.py").read_text(encoding="utf-8")
            for number, mutant in enumerate(mutants_of(text)):
                found[chapter.name].made[mutant.definition] += 1
                name = f"{chapter.name} {number}"
                mutants[name] = mutant
                subject = Path(folder) / name.replace(" ", "-")
                tests = tuple(t.id for t in judge.of(chapter.name, _touched(chapter, mutant, text)))
                jobs.append(
                    Job(
                        name, subject, chapter.name, tests, to_first=True, call_seconds=CALL_SECONDS
                    )
                )
        rejected = set()
        progress(0, len(jobs), "")
        for done, (job, record) in enumerate(_run(judge, jobs, mutants), 1):
            report = found[job.chapter]
            if record == FAILED:
                rejected.add(job.name)
                report.rejected[mutants[job.name].definition] += 1
            elif record:
                report.faults.append(f"{mutants[job.name]}: {record}")
            progress(done, len(jobs), job.chapter)
    for chapter in chapters:
        left = [
            mutants[j.name] for j in jobs if j.chapter == chapter.name and j.name not in rejected
        ]
        _explain(root / "tests" / chapter.name / "equivalent.toml", left, found[chapter.name])
    return list(found.values())


def _touched(chapter: Chapter, mutant: Mutant, reference: str) -> list[str]:
    """The exercises that a changed definition may concern: it, and all that need it or name it."""
    own = [e.name for e in chapter.exercises]
    names = {mutant.definition} & set(own)
    if not names:  # a helper: whoever uses it, and a helper of a helper is used by any
        names = set(own)
    for exercise in chapter.exercises:
        if names & set(exercise.needs):
            names.add(exercise.name)
    return [name for name in own if name in names]


def _run(judge: Judge, jobs: list[Job], mutants: dict[str, Mutant]) -> Iterator[tuple[Job, str]]:
    """Each job with FAILED, an empty text where it survived, or how it was lost."""

    def written() -> Iterator[Job]:
        for job in jobs:  # one at a time: there are thousands
            job.subject.mkdir()
            path = job.subject / f"{job.chapter}.py"
            path.write_text(mutants[job.name].text, encoding="utf-8")
            yield job

    verdicts: dict[str, str] = {}
    for job, record in judge.run(written()):
        if "done" in record:
            yield job, verdicts.pop(job.name, "") or record["done"]
        elif record["verdict"] == FAILED:
            verdicts[job.name] = FAILED


def _explain(path: Path, left: list[Mutant], report: ChapterMutants) -> None:
    """Sort survivors into those that equivalent.toml explains and those that it does not."""
    known = _read(path)
    used = set()
    for mutant in left:
        key = (mutant.definition, mutant.line, mutant.becomes)
        if key in known:
            used.add(key)
            report.explained.append((mutant, known[key]))
        else:
            report.survivors.append(mutant)
    for where, line, becomes in sorted(set(known) - used):
        what = f"{where}: {line}  ->  {becomes}"
        report.faults.append(f"{path.name} explains what did not survive: {what}")


def _read(path: Path) -> dict[tuple[str, str, str], str]:
    """`[[equivalent]]` tables: definition, why, line, and what it becomes."""
    if not path.is_file():
        return {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            (row["definition"], row["line"], becomes): row["why"]
            for row in data["equivalent"]
            for becomes in row["becomes"]
        }
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise KataError(f"{path} is not in order: {error}") from None
