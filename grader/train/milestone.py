"""One milestone: settings, a run folder, and the task that fills it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..course import Course
from ..errors import UsageError
from . import classify, instruct, pretrain
from .chapters import Chapters
from .run import Progress, Run, Settings
from .start import SIZES

# The last chapter that a task needs; it builds on those before.
TASKS = {
    "pretrain": "ch05_pretraining",
    "classify": "ch06_classification",
    "instruct": "ch07_instructions",
}
_MODULES: dict[str, Any] = {"pretrain": pretrain, "classify": classify, "instruct": instruct}


@dataclass(frozen=True)
class Milestone:
    """What a run has come to.

    Attributes:
        run: Its folder.
        result: What came out, as in result.json.
        seconds: Wall time of this call.
        from_reference: Chapters that the subject does not have.
        chapters: The code that was trained.
        ask: For "classify": classifies a text.
    """

    run: Run
    result: dict[str, Any]
    seconds: float
    from_reference: list[str]
    chapters: Chapters
    ask: Callable[[str], str] | None = None


def reach(
    task: str,
    course: Course,
    root: Path,
    *,
    subject: Path,
    size: str = "tiny",
    steps: int | None = None,
    seed: int = 0,
    data: Path | None = None,
    weights: Path | None = None,
    out: Path | None = None,
    fresh: bool = False,
    progress: Progress = lambda done, total, what: None,
) -> Milestone:
    """Train, or go on with a training that was stopped.

    Args:
        task: "pretrain", "classify" or "instruct".
        course: Its chapters.
        root: The checkout; runs/ and exercises/data/ are in it.
        subject: Folder with the chapters to train with.
        size: "tiny" or "124M".
        steps: Updates; None takes what suits the task and the size.
        seed: Of everything that is drawn.
        data: The file to learn from; None takes the course's own.
        weights: Folder of a GPT-2 checkpoint to start from.
        out: The run's folder; None is runs/<task>-<size>.
        fresh: Begin again.
        progress: Called with updates done, in all, and what is being done.

    Raises:
        UsageError: A setting is not possible.
        KataError: The subject's code raised; the message says where.
    """
    if task not in TASKS:
        raise UsageError(f"no task {task!r}; the tasks are {', '.join(TASKS)}")
    if size not in SIZES:
        raise UsageError(f"--size is {size!r}, and must be one of {', '.join(SIZES)}")
    if steps is not None and steps < 1:
        raise UsageError(f"--steps is {steps}, and must be at least 1")
    if size != "tiny" and task != "pretrain" and weights is None:
        raise UsageError(f"{task} at size {size} starts from GPT-2's weights: name them, --weights")
    begun = time.monotonic()
    module = _MODULES[task]
    names = [c.name for c in (*course.before(TASKS[task]), course.chapter(TASKS[task]))]
    settings = Settings(
        task=task,
        size=size,
        steps=steps or module.STEPS[size],
        seed=seed,
        subject=str(subject.resolve()),
        data=str((data or root / "exercises" / "data" / module.DATA).resolve()),
        weights=str(weights.resolve()) if weights else "",
    )
    chapters = Chapters(subject, root / "solutions", names)
    run = Run(out or root / "runs" / f"{task}-{size}", settings, fresh=fresh)
    ask = None
    if task == "classify":
        result, ask = classify.classify(run, chapters, progress)
    else:
        result = getattr(module, task)(run, chapters, progress)
    run.conclude(result)
    seconds = time.monotonic() - begun
    return Milestone(run, result, seconds, chapters.from_reference, chapters, ask)
