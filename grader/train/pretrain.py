"""Chapter 5's milestone: a model that learns to continue a story."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..errors import UsageError
from .chapters import Chapters, told
from .plots import plot
from .run import Progress, Run
from .start import Start, read, start

DATA = "story.txt"
STEPS = {"tiny": 240, "124M": 100}
CONTEXT = {"tiny": 64, "124M": 256}
PROMPT = "The ferry"
SAMPLE_TOKENS = 60


def pretrain(run: Run, chapters: Chapters, progress: Progress) -> dict[str, Any]:
    """Train on a text; what came out: a sample before and after, first and last losses."""
    path = Path(run.settings.data)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as UTF-8 text: {error}") from None
    began = start(run, chapters, text, CONTEXT[run.settings.size])
    before = run.remember("sample-before", lambda: sample(chapters, began, PROMPT))
    read(run, chapters, began, "pretrain", text, run.settings.steps, progress)
    rows = [r for r in run.metrics() if r["stage"] == "pretrain"]
    curves = {"train_loss": "training", "val_loss": "held out"}
    drawn = plot(run.folder / "loss.png", "Pretraining", rows, curves)
    return {
        "sample_before": before,
        "sample_after": sample(chapters, began, PROMPT),
        "first": rows[0],
        "last": rows[-1],
        "plots": drawn,
    }


def sample(chapters: Chapters, began: Start, prompt: str) -> str:
    """What the model makes of a prompt, drawn with a seed of its own."""
    ch05 = chapters.ch05_pretraining
    with told():
        ids = ch05.text_to_token_ids(prompt, began.tokenizer)
        out = ch05.generate(
            began.model,
            ids,
            SAMPLE_TOKENS,
            began.context,
            temperature=0.8,
            top_k=20,
            generator=torch.Generator().manual_seed(0),
        )
        text: str = ch05.token_ids_to_text(out, began.tokenizer)
    return text
