"""A run folder: what is being trained, how far it is, and what came of it.

::

    run.json        the settings; a run goes on only under the same ones
    base.ckpt       model, optimizer and random state of a stage, after its last evaluation
    metrics.jsonl   one line for each evaluation
    result.json     what came out: samples, accuracies, responses
    *.png           plots

Every file is written whole and then renamed, but for the metrics, of which a broken last line and
lines past the checkpoint are dropped when a run goes on. So it may be killed at any moment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import KataError, UsageError
from ..files import replacing, write_text
from .chapters import Chapters, told

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Settings:
    """What a run is; the same settings give the same run.

    Attributes:
        task: "pretrain", "classify" or "instruct".
        size: "tiny" or "124M".
        steps: Updates of the task's own stage.
        seed: Of everything that is drawn.
        subject: The folder whose chapters are trained.
        data: The file that is learned from.
        weights: A GPT-2 checkpoint's folder to start from; empty: random weights.
    """

    task: str
    size: str
    steps: int
    seed: int
    subject: str
    data: str
    weights: str = ""


class Run:
    """The folder of one run, made or continued.

    Args:
        folder: Where it is.
        settings: What it is.
        fresh: Begin again, whatever is there.

    Raises:
        UsageError: It is a run with other settings, or a folder of something else.
    """

    def __init__(self, folder: Path, settings: Settings, *, fresh: bool = False) -> None:
        self.folder, self.settings = folder, settings
        about = folder / "run.json"
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            if not about.is_file():
                raise UsageError(f"{folder} is there and is no run; name another --out")
            if fresh:
                for path in (*folder.glob("*.ckpt"), *folder.glob("*.png"), self.metrics_path):
                    path.unlink(missing_ok=True)
                self.result_path.unlink(missing_ok=True)
            else:
                self._compare(about)
        write_text(about, json.dumps(asdict(settings), indent=2) + "\n")

    @property
    def metrics_path(self) -> Path:
        """One line for each evaluation."""
        return self.folder / "metrics.jsonl"

    @property
    def result_path(self) -> Path:
        """What came out."""
        return self.folder / "result.json"

    def _compare(self, about: Path) -> None:
        try:
            before = json.loads(about.read_text(encoding="utf-8"))
        except ValueError:
            raise UsageError(f"{about} cannot be read; start again with --fresh") from None
        for key, value in asdict(self.settings).items():
            if before.get(key) != value:
                raise UsageError(
                    f"{self.folder} holds a run with {key} {before.get(key)!r}, not {value!r}; "
                    "name another --out, or start again with --fresh"
                )

    def metrics(self) -> list[dict[str, Any]]:
        """The lines so far, without a broken last one."""
        found = []
        if self.metrics_path.is_file():
            for line in self.metrics_path.read_text(encoding="utf-8").splitlines():
                try:
                    found.append(json.loads(line))
                except ValueError:
                    break
        return found

    def note(self, **row: Any) -> None:
        """Add one line to the metrics."""
        with self.metrics_path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(row) + "\n")

    def rewind(self, stage: str, step: int) -> None:
        """Drop what a stage noted after a step, and what is broken."""
        kept = [r for r in self.metrics() if r["stage"] != stage or r["step"] <= step]
        write_text(self.metrics_path, "".join(json.dumps(r) + "\n" for r in kept))

    def result(self) -> dict[str, Any] | None:
        """What came out, once the run has ended."""
        if not self.result_path.is_file():
            return None
        found: dict[str, Any] = json.loads(self.result_path.read_text(encoding="utf-8"))
        return found

    def conclude(self, result: Mapping[str, Any]) -> None:
        """Write what came out: the run has ended."""
        write_text(self.result_path, json.dumps(result, indent=2, ensure_ascii=False) + "\n")

    def remember(self, name: str, make: Callable[[], Any]) -> Any:
        """A value that is computed once in a run, such as a sample before training."""
        path = self.folder / f"{name}.json"
        if not path.is_file():
            write_text(path, json.dumps(make(), indent=2, ensure_ascii=False) + "\n")
        return json.loads(path.read_text(encoding="utf-8"))


@dataclass
class Stage:
    """One training loop of a run.

    Attributes:
        name: "base" or the task; names its checkpoint.
        model: What is trained, in place.
        optimizer: Over its trainable parameters.
        loss: The loss of the batch of one step, as a tensor with a graph.
        evaluate: Measures, by name.
        steps: Updates in all.
        every: Updates between two evaluations; a checkpoint follows each of them.
    """

    name: str
    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss: Callable[[int], Tensor]
    evaluate: Callable[[], dict[str, float]]
    steps: int
    every: int


def train(run: Run, chapters: Chapters, stage: Stage, progress: Progress) -> None:
    """Make the updates of a stage that are still missing.

    Raises:
        KataError: The subject's code raised.
    """
    path = run.folder / f"{stage.name}.ckpt"
    with told():
        if path.is_file():
            step = _resumed(chapters, stage, path)
        else:
            torch.manual_seed(run.settings.seed + 1)
            step = 0
    run.rewind(stage.name, step if path.is_file() else -1)
    with told():
        if not path.is_file():
            _evaluate(run, chapters, stage, path, 0)
        while step < stage.steps:
            progress(step, stage.steps, f"{stage.name}, step {step} of {stage.steps}")
            stage.model.train()
            stage.optimizer.zero_grad()
            stage.loss(step).backward()
            stage.optimizer.step()
            step += 1
            if step % stage.every == 0 or step == stage.steps:
                _evaluate(run, chapters, stage, path, step)
    progress(stage.steps, stage.steps, stage.name)


def _resumed(chapters: Chapters, stage: Stage, path: Path) -> int:
    try:
        with told():
            step: int = chapters.ch05_pretraining.load_checkpoint(
                path, stage.model, stage.optimizer
            )
    except KataError as error:
        words = f"{path} cannot be gone on from; begin again with --fresh ({error})"
        raise KataError(words) from None
    return step


def _evaluate(run: Run, chapters: Chapters, stage: Stage, path: Path, step: int) -> None:
    run.note(stage=stage.name, step=step, **stage.evaluate())
    with replacing(path) as draft:
        chapters.ch05_pretraining.save_checkpoint(draft, stage.model, stage.optimizer, step)


class Batches:
    """The batch of each step: every item once in each round, in an order drawn from the seed.

    Args:
        items: A data set.
        size: Items in a batch; the last batch of a round may have fewer.
        seed: Of the orders.
        collate: Makes a batch of a list of items.
    """

    def __init__(
        self,
        items: Any,
        size: int,
        seed: int,
        collate: Callable[[list[Any]], Any] = torch.utils.data.default_collate,
    ) -> None:
        self._items, self._size, self._seed, self._collate = items, size, seed, collate
        self._a_round = -(-len(items) // size)
        self._round, self._order = -1, list[int]()

    def __call__(self, step: int) -> Any:
        """The batch of a step, which depends on nothing but the step."""
        number, at = divmod(step, self._a_round)
        if number != self._round:
            source = torch.Generator().manual_seed(self._seed * 1_000_003 + number)
            self._order = torch.randperm(len(self._items), generator=source).tolist()
            self._round = number
        chosen = self._order[at * self._size : (at + 1) * self._size]
        return self._collate([self._items[i] for i in chosen])
