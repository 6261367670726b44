"""Chapter 7's milestone: a model that answers instructions, and a judge that scores its answers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch

from ..errors import UsageError
from .chapters import Chapters, told
from .plots import plot
from .run import Batches, Progress, Run, Stage, train
from .start import BASE_STEPS, Start, read, start

DATA = "instructions.json"
STEPS = {"tiny": 240, "124M": 100}
CONTEXT = {"tiny": 160, "124M": 512}
TRAIN, TEST = 0.85, 0.1
SHOWN = 20  # test entries that are answered before and after
OLLAMA = "http://localhost:11434/api/chat"
HEADING = "### Response:"

Entry = dict[str, Any]


def instruct(run: Run, chapters: Chapters, progress: Progress) -> dict[str, Any]:
    """Fine-tune on instructions; what came out: responses to unseen ones before and after."""
    ch07 = chapters.ch07_instructions
    entries = _read(Path(run.settings.data))
    with told():
        learned, unseen, others = ch07.split_dataset(entries, TRAIN, TEST)
        text = "\n\n".join(f"{ch07.format_input(e)}\n\n{HEADING}\n{e['output']}" for e in learned)
    began = start(run, chapters, text, CONTEXT[run.settings.size])
    if not run.settings.weights:
        plain = "\n".join(f"{e['instruction']} {e['input']} {e['output']}" for e in learned)
        read(run, chapters, began, "base", plain, BASE_STEPS, progress)

    def collate(items: list[Any]) -> Any:
        return ch07.custom_collate_fn(
            items, began.eos_id, allowed_max_length=began.context, mask_instruction=False
        )

    with told():
        sets = [ch07.InstructionDataset(part, began.tokenizer) for part in (learned, others)]
        batches, held_out = (Batches(s, began.batch_size, run.settings.seed, collate) for s in sets)
        some, fixed = ([b(step) for step in range(2)] for b in (batches, held_out))

    def loss(step: int) -> torch.Tensor:
        return chapters.ch05_pretraining.calc_loss_batch(*batches(step), began.model, "cpu")

    def evaluate() -> dict[str, float]:
        losses = chapters.ch05_pretraining.evaluate_model(began.model, some, fixed, "cpu", 2)
        return {"train_loss": losses[0], "val_loss": losses[1]}

    shown = unseen[:SHOWN]
    before = run.remember("responses-before", lambda: respond(chapters, began, shown))
    steps = run.settings.steps
    stage = Stage(
        "instruct", began.model, began.adamw(), loss, evaluate, steps, max(1, steps // 10)
    )
    train(run, chapters, stage, progress)
    after = run.remember("responses-after", lambda: respond(chapters, began, shown))
    rows = [r for r in run.metrics() if r["stage"] == "instruct"]
    curves = {"train_loss": "training", "val_loss": "held out"}
    return {
        "first": rows[0],
        "last": rows[-1],
        "followed_before": sum(one["follows"] for one in before) / max(1, len(before)),
        "followed_after": sum(one["follows"] for one in after) / max(1, len(after)),
        "responses": [
            {**new, "before": old["model_response"]} for old, new in zip(before, after, strict=True)
        ],
        "plots": plot(run.folder / "loss.png", "Instruction fine-tuning", rows, curves),
    }


def respond(chapters: Chapters, began: Start, entries: Sequence[Entry]) -> list[Entry]:
    """The entries with the model's response, and whether it has the form of one.

    It has if it begins with the heading, then says something, and then ends by itself, without
    another heading.
    """
    ch05, ch07 = chapters.ch05_pretraining, chapters.ch07_instructions
    found = []
    with told():
        for entry in entries:
            prompt = ch07.format_input(entry)
            ids = ch05.text_to_token_ids(prompt, began.tokenizer)
            room = max(1, began.context - ids.shape[1])
            out = ch05.generate(began.model, ids, room, began.context, eos_id=began.eos_id)
            new = out[0, ids.shape[1] :].tolist()
            ended = began.eos_id in new
            new = new[: new.index(began.eos_id)] if ended else new
            text = began.tokenizer.decode(new)
            response = ch07.extract_response(prompt + text, prompt)
            form = text.strip().startswith(HEADING) and "###" not in response
            found.append(
                {**entry, "model_response": response, "follows": bool(ended and form and response)}
            )
    return found


def judge(
    chapters: Chapters, entries: Sequence[Entry], model: str, url: str, progress: Progress
) -> dict[str, Any] | None:
    """Have a model on an Ollama server score responses.

    Returns:
        The scores and their mean, as chapter 7 has it; None where no server answers.
    """
    if not _answers(url):
        return None
    ch07, scores = chapters.ch07_instructions, []
    with told():
        for number, entry in enumerate(entries):
            progress(number, len(entries), f"judging with {model}")
            prompt = ch07.judge_prompt(entry, entry["model_response"])
            scores.append(ch07.parse_score(ch07.query_model(prompt, model, url)))
        return {"model": model, "scores": scores, "mean": ch07.mean_score(scores)}


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise UsageError(f"--judge-url is {url!r}, and must begin with http:// or https://")
    try:
        with urllib.request.urlopen(f"{parts.scheme}://{parts.netloc}/", timeout=2):  # noqa: S310
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _read(path: Path) -> list[Entry]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}") from None
    needed = {"instruction", "input", "output"}
    if not isinstance(found, list) or not all(
        isinstance(e, dict) and needed <= set(e) for e in found
    ):
        raise UsageError(f"{path} is no list of entries with instruction, input and output")
    return found
