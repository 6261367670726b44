"""Stops one pair too early in each word.

exercise: count_pairs
rejected by: test_visible.py::test_count_pairs_by_hand
"""

from collections import Counter
from itertools import pairwise


def count_pairs(words):
    counts = Counter()
    for word, times in words.items():
        for i in range(len(word) - 2):
            counts[word[i], word[i + 1]] += times
    return dict(counts)
