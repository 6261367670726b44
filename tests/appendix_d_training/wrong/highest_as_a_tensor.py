"""Returns a tensor instead of a float.

exercise: find_highest_gradient
rejected by: test_visible.py::test_the_highest_gradient_has_no_sign
"""


def find_highest_gradient(model):
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return max((gradient.abs().max() for gradient in gradients), default=None)
