"""Takes a run of white space whole, and leaves no space to the word after it.

exercise: pre_tokenize
rejected by: test_hidden.py::test_white_space
"""

import regex


def pre_tokenize(text):
    return regex.findall(
        r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+""", text
    )
