"""Counts positions from 1.

exercise: mask_words
rejected by: test_visible.py::test_masked_words_by_hand
"""


def mask_words(words, positions, mask_token="[MASK]"):
    for position in positions:
        if not 0 < position <= len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
    answers = {position: words[position - 1] for position in positions}
    return [mask_token if i in answers else word for i, word in enumerate(words, 1)], answers
