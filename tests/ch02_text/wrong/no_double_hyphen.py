"""Leaves a double hyphen inside the word.

exercise: split_words
rejected by: test_hidden.py::test_double_hyphens_are_taken_from_the_left
"""

import re


def split_words(text):
    pieces = re.split(r"""([,.:;?_!"()']|\s)""", text)
    return [piece for piece in pieces if piece.strip()]
