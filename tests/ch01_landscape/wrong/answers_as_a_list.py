"""Gives the answers as a list, which does not say where each word stood.

exercise: mask_words
rejected by: test_hidden.py::test_nothing_to_mask
"""


def mask_words(words, positions, mask_token="[MASK]"):
    for position in positions:
        if not 0 <= position < len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
    hidden = sorted(set(positions))
    text = [mask_token if i in hidden else word for i, word in enumerate(words)]
    return text, [words[i] for i in hidden]
