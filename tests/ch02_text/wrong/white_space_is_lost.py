"""Drops the white space, so that the text cannot be put together again.

exercise: pre_tokenize
rejected by: test_visible.py::test_pre_tokenize_by_hand
"""

import regex


def pre_tokenize(text):
    return regex.findall(r"""'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}+|[^\s\p{L}\p{N}]+""", text)
