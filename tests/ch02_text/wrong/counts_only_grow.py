"""Adds the pairs that a merge makes to the counts, and never takes off those that it ends.

exercise: train_bpe
rejected by: test_hidden.py::test_train_bpe_of_any_text
"""

from collections import Counter
from itertools import pairwise


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError(f"{vocab_size} is below 256")
    words = Counter(tuple(bytes([b]) for b in p.encode()) for p in pre_tokenize(text))
    counts = Counter(count_pairs(words))
    merges = []
    while counts and len(merges) < vocab_size - 256:
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        del counts[best]
        fresh = Counter()
        for word, times in words.items():
            new = merge_pair(word, best)
            fresh[new] += times
            for pair in pairwise(new):
                if best[0] + best[1] in pair:
                    counts[pair] += times
        words = fresh
    return merges
