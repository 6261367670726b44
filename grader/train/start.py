"""What a run starts from: a tokenizer, a model, and for the small size a first round of reading.

`tiny` is all the learner's own: their byte pair encoding, trained on the run's texts, and their
GPT in a size that learns in a minute. `124M` has GPT-2's vocabulary, and its weights where a
checkpoint was given.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ..errors import UsageError
from ..model.tokenizer import END_OF_TEXT, fill_tiktoken_cache
from .chapters import Chapters, told
from .run import Batches, Progress, Run, Stage, train

SIZES = ("tiny", "124M")
MERGES = 256  # of the tiny tokenizer, on top of the 256 bytes
BASE_STEPS = 200  # updates on plain text before a tiny model is fine-tuned
HELD_OUT = 0.1  # of a text, at its end, to evaluate on

TINY = {"emb_dim": 96, "n_heads": 4, "n_layers": 3, "drop_rate": 0.1, "qkv_bias": False}
GPT2 = {"emb_dim": 768, "n_heads": 12, "n_layers": 12, "drop_rate": 0.1, "qkv_bias": True}


@dataclass
class Start:
    """Where training begins.

    Attributes:
        tokenizer: Has encode and decode.
        model: The subject's GPTModel.
        eos_id: The id of `<|endoftext|>`, which pads and ends.
        context: How many tokens the model sees at once.
        batch_size: What fits the size.
        learning_rate: Likewise.
    """

    tokenizer: Any
    model: nn.Module
    eos_id: int
    context: int
    batch_size: int
    learning_rate: float

    def adamw(self, learning_rate: float | None = None) -> torch.optim.Optimizer:
        """An optimizer over what is to be trained."""
        wanted = [p for p in self.model.parameters() if p.requires_grad]
        return torch.optim.AdamW(wanted, lr=learning_rate or self.learning_rate, weight_decay=0.1)


def start(run: Run, chapters: Chapters, text: str, context: int) -> Start:
    """The tokenizer and the model of a run.

    Args:
        run: Says size, seed and weights.
        chapters: Whose code.
        text: What the tiny tokenizer is trained on.
        context: Of the tiny model, and of a 124M model without weights.

    Raises:
        UsageError: The size is unknown, or the weights belong to another one.
    """
    size, weights = run.settings.size, run.settings.weights
    if size not in SIZES:
        raise UsageError(f"--size is {size}, and must be one of {', '.join(SIZES)}")
    torch.manual_seed(run.settings.seed)
    with told():
        if size == "tiny":
            if weights:
                raise UsageError("--weights are GPT-2's, and --size is tiny; say --size 124M")
            merges = chapters.ch02_text.train_bpe(text, 256 + MERGES)
            tokenizer = chapters.ch02_text.BPETokenizer(merges, [END_OF_TEXT])
            vocabulary = 256 + len(merges) + 1
            cfg = {**TINY, "vocab_size": vocabulary, "context_length": context}
            model = chapters.ch04_gpt.GPTModel(cfg)
            return Start(tokenizer, model, vocabulary - 1, context, 16, 2e-3)
        tokenizer = _gpt2_tokenizer()
        if weights:
            model = chapters.ch05_pretraining.load_gpt2(weights)
            context = min(context, model.pos_emb.weight.shape[0])
        else:
            cfg = {**GPT2, "vocab_size": tokenizer.n_vocab, "context_length": context}
            model = chapters.ch04_gpt.GPTModel(cfg)
    return Start(tokenizer, model, tokenizer.eot_token, context, 4, 5e-5 if weights else 4e-4)


def _gpt2_tokenizer() -> Any:

    import tiktoken

    os.environ.update(fill_tiktoken_cache())
    return tiktoken.get_encoding("gpt2")


def read(
    run: Run, chapters: Chapters, start: Start, name: str, text: str, steps: int, progress: Progress
) -> None:
    """Train on plain text: the loop of chapter 5, and the first stage of the others.

    Args:
        run: Where to note it.
        chapters: Whose code.
        start: What is trained, in place.
        name: Of the stage.
        text: What to read; its end is held out.
        steps: Updates.
        progress: Called with steps done and in all.

    Raises:
        UsageError: The text is too short.
    """
    cut = int(len(text) * (1 - HELD_OUT))
    length = start.context
    with told():
        held = len(start.tokenizer.encode(text[cut:]))
    if held <= length:
        raise UsageError(
            f"{run.settings.data} is too short: its last tenth, which is held out, has {held} "
            f"tokens and needs {length + 1} (--size {run.settings.size})"
        )
    with told():
        make = chapters.ch02_text.GPTDatasetV1
        learned = make(text[:cut], start.tokenizer, length, max(1, length // 2))
        held_out = make(text[cut:], start.tokenizer, length, length)
        batches = Batches(learned, start.batch_size, run.settings.seed)
        some = [batches(step) for step in range(2)]
        others = [Batches(held_out, start.batch_size, 0)(step) for step in range(2)]

    def loss(step: int) -> torch.Tensor:
        return chapters.ch05_pretraining.calc_loss_batch(*batches(step), start.model, "cpu")

    def evaluate() -> dict[str, float]:
        losses = chapters.ch05_pretraining.evaluate_model(start.model, some, others, "cpu", 2)
        return {"train_loss": losses[0], "val_loss": losses[1]}

    every = max(1, steps // 20)
    stage = Stage(name, start.model, start.adamw(), loss, evaluate, steps, every)
    train(run, chapters, stage, progress)
