"""Looks at the weights instead of their gradients.

exercise: find_highest_gradient
rejected by: test_hidden.py::test_gradients_are_only_looked_at
"""


def find_highest_gradient(model):
    gradients = [p.detach() for p in model.parameters() if p.grad is not None]
    return max((gradient.abs().max().item() for gradient in gradients), default=None)
