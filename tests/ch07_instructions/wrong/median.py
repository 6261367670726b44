"""Gives the median.

exercise: mean_score
rejected by: test_hidden.py::test_mean_of_any_scores
"""

import statistics


def mean_score(scores):
    return statistics.median(score or 0 for score in scores)
