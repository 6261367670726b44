"""Gives a list, which cannot be a key of the dict that count_pairs takes.

exercise: merge_pair
rejected by: test_visible.py::test_merge_pair_by_hand
"""


def merge_pair(word, pair):
    merged, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            merged.append(pair[0] + pair[1])
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return merged
