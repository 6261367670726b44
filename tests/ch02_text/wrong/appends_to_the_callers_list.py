"""Builds the list of tokens inside the caller's list of specials.

exercise: build_vocab
rejected by: test_hidden.py::test_build_vocab_leaves_its_arguments_alone
"""


def build_vocab(words, specials=()):
    tokens = specials if isinstance(specials, list) else list(specials)
    tokens[:0] = sorted(set(words))
    return {token: i for i, token in enumerate(tokens)}
