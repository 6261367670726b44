"""Sorts the specials instead of keeping the order in which they were given.

exercise: build_vocab
rejected by: test_hidden.py::test_build_vocab_leaves_its_arguments_alone
"""


def build_vocab(words, specials=()):
    tokens = [*sorted(set(words)), *sorted(specials)]
    return {token: i for i, token in enumerate(tokens)}
