"""Cuts every context to four words, as if the model had such a window.

exercise: next_word_pairs
rejected by: test_hidden.py::test_contexts_and_targets_of_any_words
"""


def next_word_pairs(words):
    return [(words[max(0, i - 4) : i], words[i]) for i in range(1, len(words))]
