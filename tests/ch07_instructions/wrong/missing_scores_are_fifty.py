"""Counts a reply without a score as 50.

exercise: mean_score
rejected by: test_visible.py::test_mean_by_hand
"""


def mean_score(scores):
    return sum(50 if score is None else score for score in scores) / len(scores)
