"""Moves on by one after a merge, so that a token takes part in two merges.

exercise: merge_pair
rejected by: test_visible.py::test_merge_pair_is_written_from_scratch
"""


def merge_pair(word, pair):
    merged, used = [], False
    for i, token in enumerate(word):
        if word[i : i + 2] == pair:
            merged.append(pair[0] + pair[1])
            used = True
        elif not used:
            merged.append(token)
        else:
            used = False
    return tuple(merged)
