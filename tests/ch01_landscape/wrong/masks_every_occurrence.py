"""Masks by word and not by position, so that the same word elsewhere is hidden too.

exercise: mask_words
rejected by: test_visible.py::test_only_the_positions_asked_for_are_masked
"""


def mask_words(words, positions, mask_token="[MASK]"):
    for position in positions:
        if not 0 <= position < len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
    answers = {position: words[position] for position in positions}
    return [mask_token if word in answers.values() else word for word in words], answers
