"""Scales the weights instead of their gradients.

exercise: clip_gradients
rejected by: test_hidden.py::test_weights_are_not_clipped
"""


def clip_gradients(parameters, max_norm):
    parameters = [p for p in parameters if p.grad is not None]
    norm = math.sqrt(sum(p.grad.double().square().sum().item() for p in parameters))
    if norm > max_norm:
        for p in parameters:
            p.data.mul_(max_norm / norm)
    return norm
