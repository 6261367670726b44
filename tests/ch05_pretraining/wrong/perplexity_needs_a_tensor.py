"""Fails for a loss that is a float already.

exercise: perplexity
rejected by: test_visible.py::test_perplexity_by_hand
"""


def perplexity(loss):
    return torch.exp(loss).item()
