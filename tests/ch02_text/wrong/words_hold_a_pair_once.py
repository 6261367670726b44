"""Counts how many words hold a pair, not how often they do.

exercise: count_pairs
rejected by: test_visible.py::test_count_pairs_is_written_from_scratch
"""

from collections import Counter
from itertools import pairwise


def count_pairs(words):
    counts = Counter()
    for word, times in words.items():
        for pair in set(pairwise(word)):
            counts[pair] += times
    return dict(counts)
