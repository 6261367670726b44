"""Leaves it to the list to complain, whose IndexError does not say which position it was.

exercise: mask_words
rejected by: test_hidden.py::test_positions_outside_the_text_are_refused
"""


def mask_words(words, positions, mask_token="[MASK]"):
    answers = {position: words[position] for position in positions}
    return [mask_token if i in answers else word for i, word in enumerate(words)], answers
