"""Looks for the pair with tuple.index and a generator.

exercise: merge_pair
"""


def _merged(word, pair):
    tokens = iter(word)
    held = next(tokens, None)
    for token in tokens:
        if (held, token) == pair:
            yield held + token
            held = next(tokens, None)
        else:
            yield held
            held = token
    if held is not None:
        yield held


def merge_pair(word, pair):
    return tuple(_merged(word, pair))
