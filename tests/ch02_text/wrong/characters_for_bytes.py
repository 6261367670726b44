"""Begins with characters, each as its own bytes, instead of single bytes.

exercise: train_bpe
rejected by: test_hidden.py::test_train_bpe_on_many_scripts
"""

from collections import Counter


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError(f"{vocab_size} is below 256")
    words = Counter(tuple(c.encode() for c in p) for p in pre_tokenize(text))
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
