"""Leaves out a score of 0 with those that are missing.

exercise: mean_score
rejected by: test_hidden.py::test_mean_of_any_scores
"""


def mean_score(scores):
    found = [score for score in scores if score]
    return sum(found) / max(len(found), 1)
