"""Cuts numbers after three digits, as GPT-4's pattern does.

exercise: pre_tokenize
rejected by: test_hidden.py::test_letters_and_numbers_of_all_scripts
"""

import regex


def pre_tokenize(text):
    return regex.findall(
        r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""", text
    )
