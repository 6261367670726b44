"""Chapter 6's milestone: a model that tells spam from other messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ..errors import UsageError
from .chapters import Chapters, told
from .plots import plot
from .run import Batches, Progress, Run, Stage, train
from .start import BASE_STEPS, read, start

DATA = "messages.tsv"
STEPS = {"tiny": 150, "124M": 60}
CONTEXT = {"tiny": 96, "124M": 256}
TRAIN, VALIDATION = 0.7, 0.1  # the rest is held out to the end


def classify(
    run: Run, chapters: Chapters, progress: Progress
) -> tuple[dict[str, Any], Callable[[str], str]]:
    """Fine-tune a classifier.

    Returns:
        What came out: accuracies on held-out messages before and after, and what always naming
        the more frequent class would reach; and a function that classifies a text.
    """
    ch06, seed = chapters.ch06_classification, run.settings.seed
    with told():
        try:
            rows = ch06.load_sms_rows(run.settings.data)
        except OSError as error:
            raise UsageError(f"{run.settings.data} cannot be read: {error.strerror}") from None
        balanced = ch06.create_balanced_dataset(_without_copies(rows), seed=seed)
        parts = ch06.random_split(balanced, TRAIN, VALIDATION, seed=seed)
    # What is held out must not be read beforehand either.
    held_out = {row["text"] for part in parts[1:] for row in part}
    text = "\n".join(row["text"] for row in rows if row["text"] not in held_out)
    began = start(run, chapters, text, CONTEXT[run.settings.size])
    if not run.settings.weights:
        read(run, chapters, began, "base", text, BASE_STEPS, progress)
    with told():
        ch06.prepare_for_classification(began.model, 2)
        make = ch06.SpamDataset
        train_set = make(parts[0], began.tokenizer, None, began.eos_id)
        length = min(train_set.max_length, began.context)
        sets = [make(part, began.tokenizer, length, began.eos_id) for part in parts]
    batches = Batches(sets[0], began.batch_size, seed)
    loaders = [_all(items, began.batch_size) for items in sets]

    def accuracy(which: int) -> float:
        with told():
            found: float = ch06.calc_accuracy_loader(
                loaders[which], began.model, "cpu", pad_token_id=began.eos_id
            )
        return found

    def loss(step: int) -> Any:
        return ch06.calc_class_loss_batch(
            *batches(step), began.model, "cpu", pad_token_id=began.eos_id
        )

    def evaluate() -> dict[str, float]:
        return {"train_accuracy": accuracy(0), "val_accuracy": accuracy(1)}

    steps = run.settings.steps
    stage = Stage(
        "classify", began.model, began.adamw(), loss, evaluate, steps, max(1, steps // 10)
    )
    before = run.remember("accuracy-before", lambda: accuracy(2))
    train(run, chapters, stage, progress)
    measured = [r for r in run.metrics() if r["stage"] == "classify"]
    curves = {"train_accuracy": "training", "val_accuracy": "validation"}
    drawn = plot(run.folder / "accuracy.png", "Spam or not", measured, curves)
    counts = Counter(row["label"] for row in parts[2])
    result = {
        "accuracy_before": before,
        "accuracy_after": accuracy(2),
        "majority": max(counts.values()) / max(1, counts.total()),
        "held_out": counts.total(),
        "plots": drawn,
    }

    def ask(message: str) -> str:
        with told():
            answer: str = ch06.classify_review(
                message, began.model, began.tokenizer, "cpu", length, began.eos_id
            )
        return answer

    return result, ask


def _without_copies(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Each text once: a message that was trained on is no test."""
    return list({row["text"]: row for row in rows}.values())


def _all(items: Any, size: int) -> list[Any]:
    """Every item in order, in batches."""
    import torch

    loader = torch.utils.data.DataLoader(items, batch_size=size)
    return list(loader)
