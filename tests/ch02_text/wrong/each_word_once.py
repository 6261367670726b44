"""Counts every word once, however often it occurs.

exercise: count_pairs
rejected by: test_visible.py::test_count_pairs_by_hand
"""

from collections import Counter
from itertools import pairwise


def count_pairs(words):
    counts = Counter()
    for word in words:
        counts.update(pairwise(word))
    return dict(counts)
