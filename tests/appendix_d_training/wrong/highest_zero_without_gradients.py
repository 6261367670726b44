"""Returns 0.0 where there is no gradient at all.

exercise: find_highest_gradient
rejected by: test_hidden.py::test_parameters_without_gradient_are_passed_over
"""


def find_highest_gradient(model):
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return max((gradient.abs().max().item() for gradient in gradients), default=0.0)
