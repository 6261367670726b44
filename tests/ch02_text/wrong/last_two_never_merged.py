"""Never merges the last two tokens of a word.

exercise: merge_pair
rejected by: test_hidden.py::test_merge_pair_at_the_ends
"""


def merge_pair(word, pair):
    merged, i = [], 0
    while i < len(word):
        if i < len(word) - 2 and word[i] == pair[0] and word[i + 1] == pair[1]:
            merged.append(pair[0] + pair[1])
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return tuple(merged)
