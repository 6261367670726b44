"""Asks of each word whether its index is among the positions, and counts the hits.

exercise: mask_words
"""


def mask_words(words, positions, mask_token="[MASK]"):
    masked, answers = [], {}
    for index, word in enumerate(words):
        hide = index in positions
        masked += [mask_token if hide else word]
        answers.update({index: word} if hide else {})
    if missing := set(positions) - set(answers):
        raise ValueError(f"no such position: {missing} (there are {len(words)} words)")
    return masked, answers
