"""Takes combining accents for letters.

exercise: pre_tokenize
rejected by: test_hidden.py::test_letters_and_numbers_of_all_scripts
"""

import regex


def pre_tokenize(text):
    return regex.findall(
        r"""'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{N}\p{M}]+|\s+(?!\S)|\s+""",
        text,
    )
