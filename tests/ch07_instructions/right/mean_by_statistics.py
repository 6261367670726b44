"""Lets the standard library compute the mean, which may be an int.

exercise: mean_score
"""

import statistics


def mean_score(scores):
    return statistics.mean([*filter(None, scores), *(0 for s in scores if not s)])
