"""Chapter 6's milestone: a model that tells spam from other messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from torch.utils.data import DataLoader

from ..errors import UsageError
from .chapters import Chapters, told
from .plots import plot
from .run import Batches, Progress, Run, Stage, train
from .start import BASE_STEPS, Start, read, start

DATA = "messages.tsv"
STEPS = {"tiny": 150, "124M": 60}
CONTEXT = {"tiny": 96, "124M": 256}
TRAIN, VALIDATION = 0.7, 0.1  # the rest is held out to the end
FEWEST = 40  # messages after balancing: below, the parts say nothing


def classify(
    run: Run, chapters: Chapters, progress: Progress
) -> tuple[dict[str, Any], Callable[[str], str]]:
    """Fine-tune a classifier.

    Returns:
        What came out: accuracies on held-out messages before and after, and what always naming
        the more frequent class would reach; and a function that classifies a text.
    """
    ch06 = chapters.ch06_classification
    parts, text = _messages(run, chapters)
    began = start(run, chapters, text, CONTEXT[run.settings.size])
    if not run.settings.weights:
        read(run, chapters, began, "base", text, BASE_STEPS, progress)
    with told():
        ch06.prepare_for_classification(began.model, 2)
        longest = ch06.SpamDataset(parts[0], began.tokenizer, None, began.eos_id).max_length
        length = min(longest, began.context)
        sets = [ch06.SpamDataset(p, began.tokenizer, length, began.eos_id) for p in parts]

    def accuracy(items: Any) -> float:
        loader = DataLoader(items, batch_size=began.batch_size)
        with told():
            found: float = ch06.calc_accuracy_loader(
                loader, began.model, "cpu", pad_token_id=began.eos_id
            )
        return found

    def ask(message: str) -> str:
        with told():
            answer: str = ch06.classify_review(
                message, began.model, began.tokenizer, "cpu", length, began.eos_id
            )
        return answer

    before = run.remember("accuracy-before", lambda: accuracy(sets[2]))
    train(run, chapters, _stage(run, chapters, began, sets, accuracy), progress)
    rows = [r for r in run.metrics() if r["stage"] == "classify"]
    curves = {"train_accuracy": "training", "val_accuracy": "validation"}
    counts = Counter(row["label"] for row in parts[2])
    result = {
        "accuracy_before": before,
        "accuracy_after": accuracy(sets[2]),
        "majority": max(counts.values()) / counts.total(),
        "held_out": counts.total(),
        "plots": plot(run.folder / "accuracy.png", "Spam or not", rows, curves),
    }
    return result, ask


def _messages(run: Run, chapters: Chapters) -> tuple[list[list[dict[str, str]]], str]:
    """The parts for training, validation and testing, and a text that holds out what they do."""
    ch06, seed = chapters.ch06_classification, run.settings.seed
    with told():
        try:
            rows = ch06.load_sms_rows(run.settings.data)
        except OSError as error:
            raise UsageError(f"{run.settings.data} cannot be read: {error.strerror}") from None
        balanced = ch06.create_balanced_dataset(_without_copies(rows), seed=seed)
        if len(balanced) < FEWEST:
            raise UsageError(
                f"{run.settings.data} leaves {len(balanced)} different messages, half of them "
                f"spam; {FEWEST} are needed"
            )
        parts = ch06.random_split(balanced, TRAIN, VALIDATION, seed=seed)
    held_out = {row["text"] for part in parts[1:] for row in part}
    return parts, "\n".join(row["text"] for row in rows if row["text"] not in held_out)


def _stage(
    run: Run, chapters: Chapters, began: Start, sets: list[Any], accuracy: Callable[[Any], float]
) -> Stage:
    batches = Batches(sets[0], began.batch_size, run.settings.seed)

    def loss(step: int) -> Any:
        return chapters.ch06_classification.calc_class_loss_batch(
            *batches(step), began.model, "cpu", pad_token_id=began.eos_id
        )

    def evaluate() -> dict[str, float]:
        return {"train_accuracy": accuracy(sets[0]), "val_accuracy": accuracy(sets[1])}

    steps = run.settings.steps
    every = max(1, steps // 10)
    return Stage("classify", began.model, began.adamw(), loss, evaluate, steps, every)


def _without_copies(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Each text once: a message that was trained on is no test."""
    return list({row["text"]: row for row in rows}.values())
