"""Names and words of strangers: how they are shown, and what a file may be called.

A submission's name may hold newlines, control characters and marks that turn the reading direction
round. It is stored as it is, and shown escaped.
"""

from __future__ import annotations

import hashlib
import re

MAX_SHOWN = 200  # characters of a name
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def shown(name: str, limit: int = MAX_SHOWN) -> str:
    r"""A name on one line, in which every character is seen: `\n`, `\x1b`, `\u202e`."""
    if name.isprintable() and len(name) <= limit:
        return name
    text = "".join(c if c.isprintable() else _escape(c) for c in name[: 2 * limit])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def plain(text: str, limit: int) -> str:
    """What a learner's code may have chosen: without control characters, and bounded."""
    kept = text[: 4 * limit]
    if not kept.replace("\n", "").isprintable():
        kept = "".join(c for c in kept if c == "\n" or c.isprintable())
    return kept if len(kept) <= limit else kept[: limit - 20] + " … (cut here)"


def one_line(text: str, limit: int) -> str:
    """The same on one line."""
    return plain(" ".join(text.split()), limit)


def count(number: int, noun: str) -> str:
    """`1 chapter`, `2 chapters`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _escape(c: str) -> str:
    return c.encode("unicode_escape", "surrogatepass").decode("ascii")


def file_name(name: str, taken: set[str]) -> str:
    """A name under which every file system keeps a file, and no other file of `taken`.

    Args:
        name: A submission's name.
        taken: The names given before, folded; the new one is added.
    """
    made = name
    if not _FILE.fullmatch(name) or _DEVICES.fullmatch(name) or name.endswith("."):
        made = ""
    if not made or made.casefold() in taken:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
        stem = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:48]
        made = f"{stem or 'submission'}-{digest}"
    taken.add(made.casefold())
    return made
