"""Lets the context end with the target itself, which leaves nothing to predict.

exercise: next_word_pairs
rejected by: test_visible.py::test_each_word_is_predicted_from_all_words_before_it
"""


def next_word_pairs(words):
    return [(words[: i + 1], words[i]) for i in range(1, len(words))]
