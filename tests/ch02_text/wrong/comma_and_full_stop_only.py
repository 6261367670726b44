"""Knows only the comma and the full stop, as in the first lines of the section.

exercise: split_words
rejected by: test_hidden.py::test_every_mark_is_a_piece
"""

import re


def split_words(text):
    return [piece for piece in re.split(r"([,.]|--|\s)", text) if piece.strip()]
