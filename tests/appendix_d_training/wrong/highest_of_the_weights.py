"""Leaves the biases out.

exercise: find_highest_gradient
rejected by: test_hidden.py::test_each_sign_and_each_place_is_seen
"""


def find_highest_gradient(model):
    gradients = [p.grad for p in model.parameters() if p.grad is not None and p.dim() > 1]
    return max((gradient.abs().max().item() for gradient in gradients), default=None)
