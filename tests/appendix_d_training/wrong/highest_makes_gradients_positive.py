"""Takes absolute values in place, and so turns gradients around.

exercise: find_highest_gradient
rejected by: test_hidden.py::test_gradients_are_only_looked_at
"""


def find_highest_gradient(model):
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return max((gradient.abs_().max().item() for gradient in gradients), default=None)
