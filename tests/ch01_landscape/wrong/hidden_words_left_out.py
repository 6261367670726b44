"""Leaves the hidden words out, so that the text gets shorter and the gaps cannot be seen.

exercise: mask_words
rejected by: test_visible.py::test_masked_words_by_hand
"""


def mask_words(words, positions, mask_token="[MASK]"):
    for position in positions:
        if not 0 <= position < len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
    answers = {position: words[position] for position in positions}
    return [word for i, word in enumerate(words) if i not in answers], answers
