"""Notes the answers after masking, when only the masks are left to note.

exercise: mask_words
rejected by: test_visible.py::test_masked_words_by_hand
"""


def mask_words(words, positions, mask_token="[MASK]"):
    for position in positions:
        if not 0 <= position < len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
    text = list(words)
    for position in positions:
        text[position] = mask_token
    return text, {position: text[position] for position in positions}
