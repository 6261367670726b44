"""Joins each context to one text, where a list of words was asked for.

exercise: next_word_pairs
rejected by: test_visible.py::test_each_word_is_predicted_from_all_words_before_it
"""


def next_word_pairs(words):
    return [(" ".join(words[:i]), words[i]) for i in range(1, len(words))]
