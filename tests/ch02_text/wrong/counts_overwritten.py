"""Sets the count anew for each word instead of adding to it.

exercise: count_pairs
rejected by: test_visible.py::test_count_pairs_by_hand
"""

from collections import Counter
from itertools import pairwise


def count_pairs(words):
    counts = {}
    for word, times in words.items():
        for pair, n in Counter(pairwise(word)).items():
            counts[pair] = n * times
    return counts
