"""Joins the pair and keeps its right half beside it.

exercise: merge_pair
rejected by: test_visible.py::test_merge_pair_by_hand
"""


def merge_pair(word, pair):
    merged = []
    for i, token in enumerate(word):
        merged.append(token + pair[1] if word[i : i + 2] == pair else token)
    return tuple(merged)
