"""Drops the marks with the white space, since the pattern of re.split has no group.

exercise: split_words
rejected by: test_hidden.py::test_every_mark_is_a_piece
"""

import re


def split_words(text):
    return [piece for piece in re.split(r"""[,.:;?_!"()']|--|\s""", text) if piece]
