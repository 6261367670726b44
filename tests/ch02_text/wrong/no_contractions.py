"""Does not know contractions.

exercise: pre_tokenize
rejected by: test_visible.py::test_pre_tokenize_by_hand
"""

import regex


def pre_tokenize(text):
    return regex.findall(r""" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""", text)
