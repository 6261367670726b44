"""Works through the sorted set of positions in a copy of the words.

exercise: mask_words
"""


def mask_words(words, positions, mask_token="[MASK]"):
    hidden = sorted(set(positions))
    if hidden and (hidden[0] < 0 or hidden[-1] >= len(words)):
        bad = [p for p in hidden if p not in range(len(words))]
        raise ValueError(f"{len(words)} words have no word at {bad}")
    masked, answers = list(words), {}
    for position in hidden:
        answers[position], masked[position] = masked[position], mask_token
    return masked, answers
