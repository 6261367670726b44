"""Grows a new context at each step with itertools.accumulate, and zips targets to it.

exercise: next_word_pairs
"""

import itertools


def next_word_pairs(words):
    contexts = itertools.accumulate(words, lambda context, word: [*context, word], initial=[])
    return [(c, target) for c, target in zip(contexts, words) if c]
