"""Gives ties to the token that was made last, because its id is the greatest.

exercise: train_bpe
rejected by: test_hidden.py::test_ties_go_to_the_greatest_pair
"""

from collections import Counter


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError(f"{vocab_size} is below 256")
    ids = {bytes([b]): b for b in range(256)}
    words = Counter(tuple(bytes([b]) for b in p.encode()) for p in pre_tokenize(text))
    merges = []
    while len(merges) < vocab_size - 256:
        counts = count_pairs(words)
        if not counts:
            break
        best = max(counts, key=lambda p: (counts[p], ids[p[0]], ids[p[1]]))
        merges.append(best)
        ids[best[0] + best[1]] = 255 + len(merges)
        fresh = Counter()
        for word, times in words.items():
            fresh[merge_pair(word, best)] += times
        words = fresh
    return merges
