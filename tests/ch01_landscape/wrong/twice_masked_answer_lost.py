"""Reads the answer from the text that is being masked, so that a position given twice loses it.

exercise: mask_words
rejected by: test_hidden.py::test_a_position_given_twice_is_masked_once
"""


def mask_words(words, positions, mask_token="[MASK]"):
    text, answers = list(words), {}
    for position in positions:
        if not 0 <= position < len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
        answers[position] = text[position]
        text[position] = mask_token
    return text, answers
