"""Takes position -1 for the last word, as a list does, and gives it a negative answer key.

exercise: mask_words
rejected by: test_hidden.py::test_negative_positions_are_refused
"""


def mask_words(words, positions, mask_token="[MASK]"):
    text = list(words)
    for position in positions:
        if position >= len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
        text[position] = mask_token
    return text, {position: words[position] for position in positions}
