"""Prove the tests: stubs fail, solutions pass, wrong answers are rejected, no test is idle.

For each chapter: with one exercise stubbed, each of its tests fails; the reference and every right
alternative pass in both modes (judged, together with others, all that their exercises serve; here,
alone, the tests of its own exercises); each wrong answer is rejected by the test that it names;
each test rejects at least one.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import scratch
from .course import Chapter, Course
from .errors import KataError
from .judge import Job, Judge
from .overlay import Answer, definition, overlay, read_answer, splice, together
from .release import stub_of
from .report import FAILED, PASSED


@dataclass
class ChapterAudit:
    """What the audit of one chapter found.

    Attributes:
        name: The chapter.
        tests: Its number of tests.
        kills: For each test, how many wrong answers it rejected, of those that it met.
        wrong: Number of wrong answers, and of those rejected by the test that they name.
        rejected: See `wrong`.
        right: Number of right alternatives.
        faults: One sentence for each thing that is not as it must be.
    """

    name: str
    tests: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    by_exercise: dict[str, tuple[int, int]] = field(default_factory=dict)
    wrong: int = 0
    rejected: int = 0
    right: int = 0
    faults: list[str] = field(default_factory=list)


def audit(
    root: Path,
    course: Course,
    chapters: Iterable[Chapter],
    seed: int,
    progress: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> list[ChapterAudit]:
    """Audit chapters.

    Args:
        root: The checkout.
        course: Its course.
        chapters: Which ones.
        seed: The grading seed.
        progress: Called with jobs done, jobs in all, and what is being done.

    Raises:
        KataError: A wrong answer or a right alternative is not in order.
        UnjudgedError: The judge cannot be started.
    """
    chapters = list(chapters)
    with (
        scratch.folder() as folder,
        Judge(root, [c.name for c in chapters], seed) as judge,
    ):
        audits = {c.name: _ChapterAuditor(root, c, judge, Path(folder)) for c in chapters}
        done, total = 0, 0

        def run(jobs: Iterable[Job]) -> None:
            nonlocal done
            for job, record in judge.run(jobs):
                if "done" not in record:
                    audits[job.chapter].verdicts[job.name][record["id"]] = record
                    continue
                done += 1
                progress(done, max(done, total), job.name)
                if record["done"]:
                    audits[job.chapter].found.faults.append(f"{job.name}: {record['done']}")

        jobs = [job for auditor in audits.values() for job in auditor.jobs()]
        total = len(jobs)
        progress(0, total, "")
        run(jobs)
        run(job for auditor in audits.values() for job in auditor.more_jobs())
        return [auditor.conclude() for auditor in audits.values()]


class _ChapterAuditor:
    """Makes the jobs of one chapter, and reads what came of them."""

    def __init__(self, root: Path, chapter: Chapter, judge: Judge, folder: Path) -> None:
        self._chapter, self._judge, self._folder = chapter, judge, folder
        self._home = root / "tests" / chapter.name
        self._reference = (root / "solutions" / f"{chapter.name}.py").read_text(encoding="utf-8")
        self._wrong = [read_answer(p) for p in sorted((self._home / "wrong").glob("*.py"))]
        self._right = [read_answer(p) for p in sorted((self._home / "right").glob("*.py"))]
        self._groups = {
            f"right together {number}": group
            for number, group in enumerate(together(self._right), 1)
        }
        self.found = ChapterAudit(chapter.name, len(judge.of(chapter.name)))
        self.verdicts: dict[str, dict[str, dict[str, Any]]] = {}
        self._check_names()

    def _check_names(self) -> None:
        tests = {t.id: t.exercise for t in self._judge.of(self._chapter.name)}
        for answer in [*self._wrong, *self._right]:
            for name in answer.exercises:
                self._chapter.exercise(name)
        for answer in self._wrong:
            where = f"{self._chapter.name}/wrong/{answer.name}.py"
            if tests.get(answer.rejected_by) is None:
                raise KataError(
                    f"{where} names the test {answer.rejected_by!r}, which is not there"
                )
            if tests[answer.rejected_by] not in answer.exercises:
                raise KataError(f"{where} names a test of {tests[answer.rejected_by]}")
        for exercise in self._chapter.exercises:
            if exercise.name not in tests.values():
                self.found.faults.append(f"{exercise.id} has no test")

    def jobs(self) -> Iterable[Job]:
        """Every run that the audit needs in any case; a wrong answer meets the test it names."""
        name, tests = self._chapter.name, self._judge.of
        yield self._job("reference, judged", self._reference, None)
        for label, group in self._groups.items():
            yield self._job(label, self._overlay(*group), self._served(*group))
        yield self._job("reference, here", self._reference, None, judged=False)
        for answer in self._right:
            ids = [t.id for t in tests(name, answer.exercises)]
            yield self._job(f"right/{answer.name}, here", self._overlay(answer), ids, judged=False)
        stub = stub_of(self._reference, name)
        for exercise in self._chapter.exercises:
            text = splice(self._reference, {exercise.name: definition(stub, exercise.name)})
            ids = [t.id for t in tests(name, [exercise.name])]
            yield self._job(f"stub/{exercise.name}", text, ids)
        for answer in self._wrong:
            yield self._job(f"wrong/{answer.name}", self._overlay(answer), [answer.rejected_by])

    def more_jobs(self) -> Iterator[Job]:
        """The runs that show which of the right alternatives that do not pass together it is.

        And whether a test which has rejected nothing yet rejects anything, and what else rejects a
        wrong answer that the test it names did not. To be asked for one at a time: each depends on
        what came of those before.
        """
        for label, group in self._groups.items():
            if self._not_passed(label, self._served(*group)):
                for answer in group:
                    ids = self._served(answer)
                    yield self._job(f"right/{answer.name}, judged", self._overlay(answer), ids)
        for answer in self._wrong:
            ids = [t.id for t in self._judge.of(self._chapter.name, answer.exercises)]
            if self._rejected(answer):
                ids = [i for i in ids if i not in self._killers()]
            if ids:
                yield self._job(f"more/{answer.name}", self._overlay(answer), ids)

    def _of(self, answer: Answer) -> dict[str, dict[str, Any]]:
        """The records of a wrong answer by test."""
        name, found = self._chapter.name, dict[str, dict[str, Any]]()
        for what in ("wrong", "more"):
            found |= self.verdicts.get(f"{name} {what}/{answer.name}", {})
        return found

    def _rejected(self, answer: Answer) -> bool:
        record = self._of(answer).get(answer.rejected_by)
        return record is not None and record["verdict"] == FAILED

    def _killers(self) -> Counter[str]:
        """The tests that have rejected wrong answers so far, and how many."""
        return Counter(
            test
            for answer in self._wrong
            for test, record in self._of(answer).items()
            if record["verdict"] == FAILED
        )

    def _served(self, *answers: Answer) -> list[str]:
        """The tests of the exercises that answers replace, and of all that need those."""
        names = {name for answer in answers for name in answer.exercises}
        for exercise in self._chapter.exercises:  # in order of teaching: needs come before
            if names & set(exercise.needs):
                names.add(exercise.name)
        return [t.id for t in self._judge.of(self._chapter.name, names)]

    def _overlay(self, *answers: Answer) -> str:
        return functools.reduce(overlay, (a.text for a in answers), self._reference)

    def _job(self, what: str, text: str, ids: list[str] | None, *, judged: bool = True) -> Job:
        label = f"{self._chapter.name} {what}"
        folder = self._folder / label.replace("/", "-").replace(", ", "-").replace(" ", "-")
        folder.mkdir()
        (folder / f"{self._chapter.name}.py").write_text(text, encoding="utf-8")
        tests = None if ids is None else tuple(ids)
        self.verdicts[label] = {}
        return Job(label, folder, self._chapter.name, tests, judged)

    def conclude(self) -> ChapterAudit:
        """Read the verdicts."""
        found, prefix = self.found, self._chapter.name
        every = sorted(t.id for t in self._judge.of(prefix))
        found.right = len(self._right)
        for mode in ("judged", "here"):
            self._must_pass(f"reference, {mode}", every)
        for answer in self._right:
            ids = [t.id for t in self._judge.of(prefix, answer.exercises)]
            self._must_pass(f"right/{answer.name}, here", ids)
        for label, group in self._groups.items():
            if self._not_passed(label, self._served(*group)):
                for answer in group:
                    self._must_pass(f"right/{answer.name}, judged", self._served(answer))
                names = ", ".join(answer.name for answer in group)
                self._must_pass(label, self._served(*group), f" ({names})")
        for exercise in self._chapter.exercises:
            for test, record in self.verdicts[f"{prefix} stub/{exercise.name}"].items():
                if record["verdict"] != FAILED:
                    text = f"the stub of {exercise.id} is {record['verdict']} in {test}, not FAILED"
                    found.faults.append(text)
        self._conclude_wrong()
        for test in every:
            if not found.kills[test]:
                found.faults.append(f"{prefix}: {test} rejects no wrong answer")
        return found

    def _not_passed(self, what: str, tests: list[str]) -> dict[str, str]:
        """Of a run, the tests that did not pass, each with the reason."""
        came = self.verdicts[f"{self._chapter.name} {what}"]
        return {
            test: came.get(test, {}).get("message", "did not run")
            for test in tests
            if came.get(test, {}).get("verdict") != PASSED
        }

    def _must_pass(self, what: str, tests: list[str], more: str = "") -> None:
        self.found.faults += [
            f"{self._chapter.name}: {what}{more} does not pass {test}: {why}"
            for test, why in self._not_passed(what, tests).items()
        ]

    def _conclude_wrong(self) -> None:
        found, prefix = self.found, self._chapter.name
        counts = {e.name: [0, 0] for e in self._chapter.exercises}
        for answer in self._wrong:
            found.wrong += 1
            counts[answer.exercises[0]][0] += 1
            failed = [t for t, record in self._of(answer).items() if record["verdict"] == FAILED]
            if answer.rejected_by in failed:
                found.rejected += 1
                counts[answer.exercises[0]][1] += 1
            else:
                others = ", ".join(failed) or "no test at all"
                found.faults.append(
                    f"{prefix}/wrong/{answer.name}.py passes {answer.rejected_by}, "
                    f"which it names; rejected by {others}"
                )
        found.kills = self._killers()
        found.by_exercise = {name: (n, hit) for name, (n, hit) in counts.items()}
