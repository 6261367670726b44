"""Splits at spaces only: line ends and tabs stay inside words.

exercise: split_words
rejected by: test_hidden.py::test_all_white_space_is_dropped
"""

import re


def split_words(text):
    pieces = re.split(r"""([,.:;?_!"()']|--| )""", text)
    return [piece.strip() for piece in pieces if piece.strip()]
