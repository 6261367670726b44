"""Writes the masks into the list of the caller.

exercise: mask_words
rejected by: test_hidden.py::test_masking_leaves_the_words_alone
"""


def mask_words(words, positions, mask_token="[MASK]"):
    for position in positions:
        if not 0 <= position < len(words):
            raise ValueError(f"position {position} is outside a text of {len(words)} words")
    answers = {position: words[position] for position in positions}
    for position in answers:
        words[position] = mask_token
    return words, answers
