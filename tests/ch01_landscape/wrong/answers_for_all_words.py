"""Gives an answer for every position, where only the hidden words are to be predicted.

exercise: mask_words
rejected by: test_hidden.py::test_masks_of_any_words
"""


def mask_words(words, positions, mask_token="[MASK]"):
    for position in positions:
        if not 0 <= position < len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
    text = [mask_token if i in positions else word for i, word in enumerate(words)]
    return text, dict(enumerate(words))
