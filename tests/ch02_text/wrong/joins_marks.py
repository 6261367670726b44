"""Takes marks that touch for one piece.

exercise: split_words
rejected by: test_hidden.py::test_split_words_of_any_text
"""

import re


def split_words(text):
    pieces = re.split(r"""([,.:;?_!"()']+|--|\s)""", text)
    return [piece for piece in pieces if piece.strip()]
