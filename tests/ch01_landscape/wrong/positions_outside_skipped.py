"""Skips positions outside the text without a word.

exercise: mask_words
rejected by: test_hidden.py::test_positions_outside_the_text_are_refused
"""


def mask_words(words, positions, mask_token="[MASK]"):
    answers = {p: words[p] for p in positions if 0 <= p < len(words)}
    return [mask_token if i in answers else word for i, word in enumerate(words)], answers
