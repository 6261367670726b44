"""Finds the pieces instead of splitting.

exercise: split_words
"""

import re


def split_words(text):
    return re.findall(r"""[,.:;?_!"()']|--|(?:(?!--)[^\s,.:;?_!"()'])+""", text)
