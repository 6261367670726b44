"""Splits at white space only, so that marks stay glued to their words.

exercise: split_words
rejected by: test_hidden.py::test_every_mark_is_a_piece
"""


def split_words(text):
    return text.split()
