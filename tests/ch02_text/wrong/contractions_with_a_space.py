"""Lets a space lead a contraction.

exercise: pre_tokenize
rejected by: test_hidden.py::test_contractions
"""

import regex


def pre_tokenize(text):
    return regex.findall(
        r""" ?'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""", text
    )
