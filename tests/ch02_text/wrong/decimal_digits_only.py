"""Takes only decimal digits for numbers, not fractions or Roman numerals.

exercise: pre_tokenize
rejected by: test_hidden.py::test_letters_and_numbers_of_all_scripts
"""

import regex


def pre_tokenize(text):
    return regex.findall(
        r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\d+| ?[^\s\p{L}\d]+|\s+(?!\S)|\s+""", text
    )
