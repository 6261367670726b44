"""Trains on ids as minbpe does, and looks bytes up only to break ties.

exercise: train_bpe
"""


def train_bpe(text, vocab_size):
    if vocab_size < 256:
        raise ValueError(f"vocab_size {vocab_size} < 256")
    vocab = [bytes([i]) for i in range(256)]
    pieces = [list(piece.encode()) for piece in pre_tokenize(text)]
    merges = []
    while len(vocab) < vocab_size:
        counts = {}
        for ids in pieces:
            for pair in zip(ids, ids[1:]):
                counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            return merges
        left, right = max(counts, key=lambda p: (counts[p], vocab[p[0]], vocab[p[1]]))
        for k, ids in enumerate(pieces):
            out = []
            while ids:
                if ids[:2] == [left, right]:
                    out.append(len(vocab))
                    ids = ids[2:]
                else:
                    out.append(ids[0])
                    ids = ids[1:]
            pieces[k] = out
        merges.append((vocab[left], vocab[right]))
        vocab.append(vocab[left] + vocab[right])
    return merges
