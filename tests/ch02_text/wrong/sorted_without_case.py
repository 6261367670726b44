"""Sorts as if capital letters were small ones.

exercise: build_vocab
rejected by: test_hidden.py::test_build_vocab_of_any_words
"""


def build_vocab(words, specials=()):
    tokens = [*sorted(set(words), key=lambda word: (word.lower(), word)), *specials]
    return {token: i for i, token in enumerate(tokens)}
