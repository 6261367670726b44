"""Counts once and takes the most frequent pairs, without merging in between.

exercise: train_bpe
rejected by: test_visible.py::test_train_bpe_by_hand
"""

from collections import Counter


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError(f"{vocab_size} is below 256")
    words = Counter(tuple(bytes([b]) for b in p.encode()) for p in pre_tokenize(text))
    counts = count_pairs(words)
    ranked = sorted(counts, key=lambda pair: (counts[pair], pair), reverse=True)
    return ranked[: vocab_size - 256]
