"""Reads character by character, with Python's own tables instead of a pattern.

exercise: pre_tokenize
"""

import unicodedata
from itertools import groupby


def _kind(character):
    if character.isspace() and not "\x1c" <= character <= "\x1f":
        return "space"
    return {"L": "letter", "N": "number"}.get(unicodedata.category(character)[0], "other")


def pre_tokenize(text):
    pieces, i = [], 0
    while i < len(text):
        if text[i] == "'":
            short = next((s for s in "s t re ve m ll d".split() if text.startswith(s, i + 1)), "")
            if short:
                pieces.append("'" + short)
                i += 1 + len(short)
                continue
        start = i
        if text[i] == " " and i + 1 < len(text) and _kind(text[i + 1]) != "space":
            i += 1
        kind = _kind(text[i])
        while i < len(text) and _kind(text[i]) == kind:
            i += 1
        if kind == "space" and i < len(text) and i - start > 1:
            i -= 1
        pieces.append(text[start:i])
    return pieces
