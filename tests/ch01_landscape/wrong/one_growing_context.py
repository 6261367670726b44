"""Appends to one and the same list, so that in the end all contexts are the whole text.

exercise: next_word_pairs
rejected by: test_hidden.py::test_contexts_and_targets_of_any_words
"""


def next_word_pairs(words):
    pairs, context = [], []
    for i in range(1, len(words)):
        context.append(words[i - 1])
        pairs.append((context, words[i]))
    return pairs
