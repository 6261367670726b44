"""Leaves replies without a score out, which rewards a model that confuses the judge.

exercise: mean_score
rejected by: test_visible.py::test_mean_by_hand
"""


def mean_score(scores):
    found = [score for score in scores if score is not None]
    return sum(found) / len(found) if found else 0.0
