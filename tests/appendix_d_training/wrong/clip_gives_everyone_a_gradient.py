"""Gives parameters without a gradient one of zeros.

exercise: clip_gradients
rejected by: test_hidden.py::test_parameters_without_gradient_stay_without
"""


def clip_gradients(parameters, max_norm):
    gradients = []
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
        gradients.append(p.grad)
    norm = math.sqrt(sum(gradient.double().square().sum().item() for gradient in gradients))
    if norm > max_norm:
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return norm
