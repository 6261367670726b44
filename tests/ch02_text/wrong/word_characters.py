"""Takes letters, digits and underscores together, as \\w does.

exercise: pre_tokenize
rejected by: test_hidden.py::test_letters_and_numbers_of_all_scripts
"""

import regex


def pre_tokenize(text):
    return regex.findall(r"""'s|'t|'re|'ve|'m|'ll|'d| ?\w+| ?[^\s\w]+|\s+(?!\S)|\s+""", text)
