"""Takes the words out of the caller's list one by one.

exercise: next_word_pairs
rejected by: test_hidden.py::test_the_words_stay_as_they_were
"""


def next_word_pairs(words):
    pairs = []
    while len(words) > 1:
        target = words.pop()
        pairs.append((list(words), target))
    return pairs[::-1]
