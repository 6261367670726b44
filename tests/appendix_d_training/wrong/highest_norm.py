"""Returns the largest norm of a parameter's gradient, not the largest value.

exercise: find_highest_gradient
rejected by: test_hidden.py::test_the_largest_of_all_parameters
"""


def find_highest_gradient(model):
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return max((gradient.norm().item() for gradient in gradients), default=None)
