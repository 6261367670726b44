"""Raises an error for a text of one word, which only has no pairs.

exercise: next_word_pairs
rejected by: test_visible.py::test_short_texts_have_no_pairs
"""


def next_word_pairs(words):
    if len(words) < 2:
        raise ValueError("a text needs at least two words")
    return [(words[:i], words[i]) for i in range(1, len(words))]
