"""Forgets the specials.

exercise: build_vocab
rejected by: test_hidden.py::test_build_vocab_of_any_words
"""


def build_vocab(words, specials=()):
    return {token: i for i, token in enumerate(sorted(set(words)))}
