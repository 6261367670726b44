"""Gives ties to the smallest pair.

exercise: train_bpe
rejected by: test_hidden.py::test_ties_go_to_the_greatest_pair
"""

from collections import Counter


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError(f"{vocab_size} is below 256")
    words = Counter(tuple(bytes([b]) for b in p.encode()) for p in pre_tokenize(text))
    merges = []
    while len(merges) < vocab_size - 256:
        counts = count_pairs(words)
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        fresh = Counter()
        for word, times in words.items():
            fresh[merge_pair(word, best)] += times
        words = fresh
    return merges
