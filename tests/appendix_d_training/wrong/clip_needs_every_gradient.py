"""Fails where a parameter has no gradient.

exercise: clip_gradients
rejected by: test_hidden.py::test_parameters_without_gradient_stay_without
"""


def clip_gradients(parameters, max_norm):
    gradients = [p.grad for p in parameters]
    norm = math.sqrt(sum(gradient.double().square().sum().item() for gradient in gradients))
    if norm > max_norm:
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return norm
