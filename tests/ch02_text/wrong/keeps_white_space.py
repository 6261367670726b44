"""Keeps the white space that re.split gives between words as pieces.

exercise: split_words
rejected by: test_visible.py::test_split_words_by_hand
"""

import re


def split_words(text):
    return [piece for piece in re.split(r"""([,.:;?_!"()']|--|\s)""", text) if piece]
