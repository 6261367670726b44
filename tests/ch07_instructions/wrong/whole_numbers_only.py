"""Divides without a remainder.

exercise: mean_score
rejected by: test_visible.py::test_mean_by_hand
"""


def mean_score(scores):
    return sum(score or 0 for score in scores) // len(scores)
