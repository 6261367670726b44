"""Sorts the caller's own list in place.

exercise: build_vocab
rejected by: test_hidden.py::test_build_vocab_leaves_its_arguments_alone
"""


def build_vocab(words, specials=()):
    if isinstance(words, list):
        words.sort()
    tokens = [*dict.fromkeys(sorted(words)), *specials]
    return {token: i for i, token in enumerate(tokens)}
