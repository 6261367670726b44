"""Merges from the right: aaa becomes a, aa.

exercise: merge_pair
rejected by: test_visible.py::test_merge_pair_is_written_from_scratch
"""


def merge_pair(word, pair):
    merged, i = [], len(word) - 1
    while i >= 0:
        if i > 0 and word[i - 1] == pair[0] and word[i] == pair[1]:
            merged.append(pair[0] + pair[1])
            i -= 2
        else:
            merged.append(word[i])
            i -= 1
    return tuple(reversed(merged))
