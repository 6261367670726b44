"""Begins to number at 1.

exercise: build_vocab
rejected by: test_visible.py::test_build_vocab_by_hand
"""


def build_vocab(words, specials=()):
    tokens = [*sorted(set(words)), *specials]
    return {token: i for i, token in enumerate(tokens, 1)}
