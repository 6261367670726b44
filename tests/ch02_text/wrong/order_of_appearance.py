"""Numbers the words in the order in which they appear instead of sorting them.

exercise: build_vocab
rejected by: test_visible.py::test_build_vocab_by_hand
"""


def build_vocab(words, specials=()):
    tokens = [*dict.fromkeys(words), *specials]
    return {token: i for i, token in enumerate(tokens)}
