"""Collects the pairs by their target, so that a word that occurs twice is predicted once.

exercise: next_word_pairs
rejected by: test_hidden.py::test_contexts_and_targets_of_any_words
"""


def next_word_pairs(words):
    found = {words[i]: words[:i] for i in range(1, len(words))}
    return [(context, target) for target, context in found.items()]
