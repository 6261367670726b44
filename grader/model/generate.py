"""`kata generate`: run a built folder's own gpt2.py and pass on its text as it comes."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import KataError, UsageError
from .process import Child

NEEDED = ("gpt2.py", "config.json", "model.safetensors", "vocab.json")


def generate(
    folder: Path,
    prompt: str,
    *,
    max_new_tokens: int = 40,
    temperature: float = 0.8,
    top_k: int | None = 40,
    seed: int = 0,
) -> Iterator[str]:
    """Continue a prompt with a built model.

    Args:
        folder: What `build` made.
        prompt: The text to continue; empty starts a new one.
        max_new_tokens: The most tokens to append.
        temperature: 0 always takes the likeliest token.
        top_k: Draw among so many of the likeliest tokens; None: among all.
        seed: The same seed gives the same text.

    Returns:
        An iterator over pieces of text: the prompt, what the model appends, a newline. Closing it
        ends the process.

    Raises:
        UsageError: `folder` is no built model, or a number is out of range.
        KataError: gpt2.py failed; raised while iterating.
    """
    for name in NEEDED:
        if not (folder / name).is_file():
            raise UsageError(f"{folder} has no {name}; make such a folder with kata build")
    if max_new_tokens < 0:
        raise UsageError(f"max_new_tokens is {max_new_tokens}, and must be at least 0")
    if not (math.isfinite(temperature) and temperature >= 0):
        raise UsageError(f"temperature is {temperature}, and must be a number of at least 0")
    if top_k is not None and top_k < 1:
        raise UsageError(f"top_k is {top_k}, and must be at least 1")
    if not 0 <= seed < 2**63:
        raise UsageError(f"the seed is {seed}; it must be at least 0 and below 2**63")
    arguments = [
        f"--max-new-tokens={max_new_tokens}",
        f"--temperature={temperature!r}",
        f"--top-k={top_k or 0}",
        f"--seed={seed}",
        "--",
        prompt,
    ]
    request = {"do": "generate", "folder": str(folder.resolve()), "arguments": arguments}
    return _stream(request)


def _stream(request: Mapping[str, object]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    with Child(request) as child:
        for chunk in child.chunks():
            if text := decoder.decode(chunk):
                yield text
        code, said = child.ended()
        if code == 0:
            return
        try:
            error = json.loads(said.splitlines()[-1])["error"]
        except (ValueError, KeyError, IndexError, TypeError):
            raise KataError(f"gpt2.py {child.death()}") from None
        where = f" line {error['line']}" if error.get("line") else ""
        raise KataError(f"gpt2.py{where} raised {error.get('type')}: {error['message']}")
