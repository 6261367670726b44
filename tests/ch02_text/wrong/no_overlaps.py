"""Does not count pairs that overlap the one before.

exercise: count_pairs
rejected by: test_visible.py::test_count_pairs_is_written_from_scratch
"""

from collections import Counter
from itertools import pairwise


def count_pairs(words):
    counts = Counter()
    for word, times in words.items():
        last = None
        for pair in pairwise(word):
            if pair == last:
                last = None
                continue
            counts[pair] += times
            last = pair
    return dict(counts)
