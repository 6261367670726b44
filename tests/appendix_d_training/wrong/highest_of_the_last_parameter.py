"""Keeps the maximum of the last parameter, not the largest of all.

exercise: find_highest_gradient
rejected by: test_hidden.py::test_the_largest_of_all_parameters
"""


def find_highest_gradient(model):
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return max((gradient.abs().max().item() for gradient in gradients[-1:]), default=None)
