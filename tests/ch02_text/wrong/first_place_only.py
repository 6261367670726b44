"""Merges only the first place where the pair stands.

exercise: merge_pair
rejected by: test_visible.py::test_merge_pair_by_hand
"""


def merge_pair(word, pair):
    for i in range(len(word) - 1):
        if word[i : i + 2] == pair:
            return (*word[:i], pair[0] + pair[1], *word[i + 2 :])
    return word
