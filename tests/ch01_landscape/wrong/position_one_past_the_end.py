"""Allows the position len(words), which no word has.

exercise: mask_words
rejected by: test_hidden.py::test_positions_outside_the_text_are_refused
"""


def mask_words(words, positions, mask_token="[MASK]"):
    for position in positions:
        if not 0 <= position <= len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
    answers = {i: word for i, word in enumerate(words) if i in positions}
    return [mask_token if i in answers else word for i, word in enumerate(words)], answers
