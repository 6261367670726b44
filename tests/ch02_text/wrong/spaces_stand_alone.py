"""Does not let a space lead the word after it.

exercise: pre_tokenize
rejected by: test_visible.py::test_pre_tokenize_is_written_from_scratch
"""

import regex


def pre_tokenize(text):
    return regex.findall(r"""'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}+|[^\s\p{L}\p{N}]+|\s+""", text)
