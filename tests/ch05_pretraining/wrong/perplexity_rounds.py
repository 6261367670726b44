"""Rounds to whole tokens.

exercise: perplexity
rejected by: test_hidden.py::test_perplexity_is_exp_of_the_loss
"""


def perplexity(loss):
    return float(round(math.exp(float(loss))))
