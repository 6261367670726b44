"""Writes [MASK] whatever mask token was asked for.

exercise: mask_words
rejected by: test_visible.py::test_only_the_positions_asked_for_are_masked
"""


def mask_words(words, positions, mask_token="[MASK]"):
    for position in positions:
        if not 0 <= position < len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
    answers = {position: words[position] for position in positions}
    return ["[MASK]" if i in answers else word for i, word in enumerate(words)], answers
