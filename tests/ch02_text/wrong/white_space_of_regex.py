"""Takes for white space what the module regex does: not the separators U+001C to U+001F.

exercise: split_words
rejected by: test_hidden.py::test_all_white_space_is_dropped
"""

import regex


def split_words(text):
    pieces = regex.split(r"""([,.:;?_!"()']|--|\s)""", text)
    return [piece for piece in pieces if piece.strip()]
