"""Gives a tensor, where numbers come back as Python floats.

exercise: perplexity
rejected by: test_visible.py::test_perplexity_by_hand
"""


def perplexity(loss):
    return torch.exp(torch.as_tensor(loss))
