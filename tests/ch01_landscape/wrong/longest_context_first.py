"""Lists the pairs from the end of the text to its beginning.

exercise: next_word_pairs
rejected by: test_visible.py::test_each_word_is_predicted_from_all_words_before_it
"""


def next_word_pairs(words):
    return [(words[:i], words[i]) for i in range(len(words) - 1, 0, -1)]
