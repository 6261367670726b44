"""Takes only a to z for letters.

exercise: pre_tokenize
rejected by: test_hidden.py::test_letters_and_numbers_of_all_scripts
"""

import regex


def pre_tokenize(text):
    return regex.findall(
        r"""'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+""", text
    )
