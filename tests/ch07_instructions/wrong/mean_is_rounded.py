"""Rounds the mean.

exercise: mean_score
rejected by: test_hidden.py::test_mean_of_any_scores
"""


def mean_score(scores):
    return round(sum(score or 0 for score in scores) / len(scores), 1)
