"""Takes the missing scores out of the caller's list, after it has counted them.

exercise: mean_score
rejected by: test_hidden.py::test_mean_of_any_scores
"""


def mean_score(scores):
    count = len(scores)
    while None in scores:
        scores.remove(None)
    return sum(scores) / count
