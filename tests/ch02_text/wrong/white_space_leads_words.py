"""Lets any white space lead a word, not only a space.

exercise: pre_tokenize
rejected by: test_hidden.py::test_white_space
"""

import regex


def pre_tokenize(text):
    return regex.findall(
        r"""'s|'t|'re|'ve|'m|'ll|'d|\s?\p{L}+|\s?\p{N}+|\s?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""", text
    )
