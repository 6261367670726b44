"""Merges with a stack, and trains on a list of all pieces with plain counting.

exercise: merge_pair, train_bpe
"""


def merge_pair(word, pair):
    done, fresh = [], False
    for token in word:
        if done and fresh and (done[-1], token) == pair:
            done[-1] += token
            fresh = False
        else:
            done.append(token)
            fresh = True
    return tuple(done)


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError(f"expected at least 256, got {vocab_size}")
    pieces = [tuple(bytes([b]) for b in piece.encode("utf-8")) for piece in pre_tokenize(text)]
    merges = []
    for _ in range(vocab_size - 256):
        counts = {}
        for piece in pieces:
            for pair in zip(piece, piece[1:]):
                counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            break
        merges.append(sorted(counts.items(), key=lambda item: (item[1], item[0]))[-1][0])
        pieces = [merge_pair(piece, merges[-1]) for piece in pieces]
    return merges
