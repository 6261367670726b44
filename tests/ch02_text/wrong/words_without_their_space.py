"""Cuts the text at white space and loses it, so that no token begins with a space.

exercise: train_bpe
rejected by: test_hidden.py::test_train_bpe_on_english
"""

from collections import Counter


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError(f"{vocab_size} is below 256")
    words = Counter(tuple(bytes([b]) for b in p.encode()) for p in text.split())
    merges = []
    while len(merges) < vocab_size - 256:
        counts = count_pairs(words)
        if not counts:
            break
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        fresh = Counter()
        for word, times in words.items():
            fresh[merge_pair(word, best)] += times
        words = fresh
    return merges
