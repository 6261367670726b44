"""`kata build`: a subject's chapters -> a folder with a full-size GPT-2.

The folder holds model.safetensors, config.json and tokenizer files, which transformers opens
too, and gpt2.py, which runs on its own. It appears whole or not at all. The subject's code runs
in a process of its own; this one never imports torch.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import KataError, UsageError, WeightsError
from . import tokenizer
from .assemble import Assembled, assemble, check_command
from .configs import ModelConfig, config_of
from .place import check_place, draft
from .process import Child
from .weights import Entry, open_checkpoint

SCRIPT = "gpt2.py"
RECORD = "build.json"
FILES = frozenset({SCRIPT, RECORD, "config.json", "model.safetensors", *tokenizer.FILES})
HARMLESS = frozenset({"__pycache__", ".DS_Store"})  # what running and looking leave behind
ROOM = 16 << 20  # bytes on disk beside the weights

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class BuildReport:
    """What was built.

    Attributes:
        size: "124M" and so on.
        folder: Where it is.
        parameters: How many parameters it has, checked against the closed form.
        weight_bytes: Size of the weights in model.safetensors.
        weights: Where they come from; None if they were drawn.
        seed: What they were drawn with.
        chapters: The file of each chapter in gpt2.py, in order.
        from_reference: The chapters that the subject does not have.
        text: A prompt and the token that the model put behind it.
        seconds: How long the build took.
        peak_memory: The most memory that the building process had, in bytes; None on Windows.
    """

    size: str
    folder: Path
    parameters: int
    weight_bytes: int
    weights: Path | None
    seed: int
    chapters: Mapping[str, Path]
    from_reference: tuple[str, ...]
    text: str
    seconds: float
    peak_memory: int | None


def _silent(done: int, total: int, what: str) -> None:
    """Report to nobody."""


def build(
    size: str | ModelConfig,
    subject: Path,
    reference: Path,
    out: Path,
    weights: Path | None = None,
    seed: int = 0,
    progress: Progress = _silent,
) -> BuildReport:
    """Build a GPT-2 that runs on a subject's chapters.

    Args:
        size: "124M", "355M", "774M" or "1558M"; or any shape with GPT-2's vocabulary.
        subject: Folder with the chapters ch03_attention, ch04_gpt and ch05_pretraining.
        reference: Folder from which a chapter comes that the subject does not have.
        out: The folder to make. An empty one or an unchanged former build is replaced.
        weights: A Hugging Face folder or a .safetensors file; None draws GPT-2's random start.
        seed: For that start; the same seed gives the same weights.
        progress: Called with (done, total, what) now and then.

    Returns:
        What was built.

    Raises:
        UsageError: There is no such size or subject, or `out` holds something else.
        WeightsError: `weights` is no GPT-2 checkpoint of that size.
        KataError: The chapters cannot be joined, are not finished, raise, or are not GPT-2; or
            the disk is full. In every case `out` is as it was.
    """
    started = time.monotonic()
    config = config_of(size) if isinstance(size, str) else size
    _check_arguments(config, subject, seed)
    entries = open_checkpoint(weights, config) if weights is not None else None
    vocabulary = tokenizer.find_vocabulary()
    title = f"GPT-2 {config.name} in one file: {config.parameters:,} parameters."
    script = assemble(subject, reference, title)
    with draft(out, _check_replaceable) as made:
        _check_room(made.folder, 4 * config.parameters)
        record = _record(config, script, weights, seed)
        _write_small_files(made.folder, config, script, record, vocabulary)
        request = {
            "do": "build",
            "folder": str(made.folder),
            "remove": [str(made.folder), str(made.lock_path)],
            "config": asdict(config),
            "names": dict(script.names),
            "seed": seed,
            "entries": _plain(entries) if entries is not None else None,
        }
        done = _run(request, made.lock, script, progress)
        check_place(made.place, _check_replaceable)  # it may have changed meanwhile
        made.keep()
    return BuildReport(
        size=config.name,
        folder=made.place,
        parameters=config.parameters,
        weight_bytes=4 * config.parameters,
        weights=weights,
        seed=seed,
        chapters=script.chapters,
        from_reference=tuple(
            name for name, path in script.chapters.items() if path.parent != subject
        ),
        text=done["text"],
        seconds=time.monotonic() - started,
        peak_memory=done["peak_memory"],
    )


def _check_arguments(config: ModelConfig, subject: Path, seed: int) -> None:
    if not subject.is_dir():
        raise UsageError(f"{subject} is not a folder; name one with chapter modules")
    if not 0 <= seed < 2**63:
        raise UsageError(f"the seed is {seed}; it must be at least 0 and below 2**63")
    if config.vocab_size != 50257:
        raise UsageError(f"vocab_size is {config.vocab_size}, GPT-2's tokenizer has 50257 tokens")


def _check_replaceable(folder: Path) -> None:
    """Refuse to replace anything but what a former build wrote."""
    away = "choose another --out, or move it away"
    if foreign := sorted({p.name for p in folder.iterdir()} - FILES - HARMLESS):
        raise UsageError(f"{folder} holds {foreign[0]}, which no build has written; {away}")
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        expected = record["gpt2.py"]
        found = hashlib.sha256((folder / SCRIPT).read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{folder} is not empty, and not a former build; {away}") from None
    if found != expected:
        raise UsageError(f"{folder / SCRIPT} was changed after it was built; {away}")


def _check_room(folder: Path, weight_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < weight_bytes + ROOM:
        raise KataError(
            f"the disk of {folder.parent} has {free / 1e9:.1f} GB free, and the build needs "
            f"{(weight_bytes + ROOM) / 1e9:.1f} GB; make room or choose another --out"
        )


def _record(
    config: ModelConfig, script: Assembled, weights: Path | None, seed: int
) -> dict[str, Any]:
    """What the folder says about its own making; it also marks the folder as ours."""
    return {
        "built_by": f"kata {__version__}",
        "size": config.name,
        "parameters": config.parameters,
        "weights": "drawn" if weights is None else weights.resolve().name,
        "seed": seed if weights is None else None,
        "chapters": {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in script.chapters.items()
        },
        "gpt2.py": hashlib.sha256(script.text.encode()).hexdigest(),
    }


def _write_small_files(
    folder: Path,
    config: ModelConfig,
    script: Assembled,
    record: Mapping[str, Any],
    vocabulary: tokenizer.Vocabulary,
) -> None:
    (folder / SCRIPT).write_text(script.text, encoding="utf-8", newline="\n")
    for name, content in (("config.json", config.hugging_face()), (RECORD, record)):
        text = json.dumps(content, indent=2) + "\n"
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    tokenizer.write_tokenizer(folder, vocabulary, config.context_length)


def _plain(entries: Mapping[str, Entry]) -> dict[str, Any]:
    return {
        name: {
            "file": str(e.file.absolute()),
            "name": e.name,
            "dtype": e.dtype,
            "shape": e.shape,
            "place": [e.start, e.end],
        }
        for name, e in entries.items()
    }


def _run(
    request: Mapping[str, Any], lock: int, script: Assembled, progress: Progress
) -> dict[str, Any]:
    """Let the child do its part.

    Raises:
        KataError: It could not; the sentence says why.
    """
    with Child(request, keep_open=[lock]) as child:
        for event in child.events():
            if "progress" in event:
                progress(*event["progress"])
            elif "done" in event:
                return event["done"]
            elif "error" in event:
                raise _sentence(event["error"], script)
        raise KataError(f"the process that runs the chapters {child.death()}")


def _sentence(error: Mapping[str, Any], script: Assembled) -> KataError:
    """What went wrong in the child, as one sentence that says what to do."""
    kind, message = error["kind"], error["message"]
    if kind == "WeightsError":
        return WeightsError(message)
    if kind == "Mismatch":
        return KataError(message)
    said = f"{error['type']}: {message}" if message else error["type"]
    if kind == "stub":
        chapter = message.partition(".")[0]
        return KataError(
            f"{message} is not written yet: finish it ({check_command(chapter)}) and build again"
        )
    if error["type"] == "MemoryError" or "allocate memory" in message:
        return KataError(f"the memory ran out ({said}); build a smaller size")
    if kind == "ours":
        return KataError(f"the build failed with {said}")
    origin = script.origin(error["line"])
    if origin is None or origin[0] not in script.chapters:
        return KataError(f"{SCRIPT} line {error['line']} raised {said}")
    chapter, line = origin
    return KataError(
        f"{chapter}.py line {line} raised {said}; mend it ({check_command(chapter)}) and build "
        "again"
    )
