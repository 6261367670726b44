"""Raises e to the power of the loss.

exercise: perplexity
"""


def perplexity(loss):
    return math.e ** float(loss)
