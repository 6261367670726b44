"""Counts the last token of a word and the first one of the next as neighbours.

exercise: count_pairs
rejected by: test_hidden.py::test_count_pairs_of_any_words
"""

from collections import Counter
from itertools import pairwise


def count_pairs(words):
    counts = Counter()
    before = None
    for word, times in words.items():
        if before and word:
            counts[before[-1], word[0]] += times
        for pair in pairwise(word):
            counts[pair] += times
        before = word
    return dict(counts)
