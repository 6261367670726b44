"""Takes (a, b) and (b, a) for one pair.

exercise: count_pairs
rejected by: test_hidden.py::test_count_pairs_within_words
"""

from collections import Counter
from itertools import pairwise


def count_pairs(words):
    counts = Counter()
    for word, times in words.items():
        for pair in pairwise(word):
            counts[tuple(sorted(pair))] += times
    return dict(counts)
