"""Empties the caller's dict while it counts.

exercise: count_pairs
rejected by: test_hidden.py::test_count_pairs_within_words
"""

from collections import Counter
from itertools import pairwise


def count_pairs(words):
    counts = Counter()
    while words:
        word, times = words.popitem()
        for pair in pairwise(word):
            counts[pair] += times
    return dict(counts)
