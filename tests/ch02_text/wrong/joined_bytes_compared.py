"""Compares the joined bytes, and so takes (ab, c) for the pair (a, bc).

exercise: merge_pair
rejected by: test_hidden.py::test_merge_pair_compares_both_halves
"""


def merge_pair(word, pair):
    merged, i = [], 0
    while i < len(word):
        if i + 1 < len(word) and word[i] + word[i + 1] == pair[0] + pair[1]:
            merged.append(word[i] + word[i + 1])
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return tuple(merged)
