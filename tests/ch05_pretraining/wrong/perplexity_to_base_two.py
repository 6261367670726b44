"""Takes 2 for the base, though the loss is in nats.

exercise: perplexity
rejected by: test_visible.py::test_perplexity_by_hand
"""


def perplexity(loss):
    return 2.0 ** float(loss)
