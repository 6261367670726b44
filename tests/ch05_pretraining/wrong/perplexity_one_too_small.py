"""Uses expm1, which is 0 for a model that is always right.

exercise: perplexity
rejected by: test_visible.py::test_perplexity_by_hand
"""


def perplexity(loss):
    return math.expm1(float(loss))
