"""Composes accents with their letters (NFC) before it counts.

exercise: train_bpe
rejected by: test_hidden.py::test_train_bpe_on_many_scripts
"""

import unicodedata
from collections import Counter


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError(f"vocab_size {vocab_size} < 256")
    text = unicodedata.normalize("NFC", text)
    words = Counter(tuple(bytes([b]) for b in p.encode()) for p in pre_tokenize(text))
    merges = []
    while len(merges) < vocab_size - 256:
        counts = count_pairs(words)
        if not counts:
            break
        merges.append(max(counts, key=lambda pair: (counts[pair], pair)))
        words = {merge_pair(word, merges[-1]): times for word, times in words.items()}
    return merges
