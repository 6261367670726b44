"""Lets any number of spaces lead a word.

exercise: pre_tokenize
rejected by: test_hidden.py::test_pre_tokenize_of_any_text
"""

import regex


def pre_tokenize(text):
    return regex.findall(
        r"""'s|'t|'re|'ve|'m|'ll|'d| *\p{L}+| *\p{N}+| *[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""", text
    )
