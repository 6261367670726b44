"""Divides by the norm and forgets the limit: right for max_norm=1 only.

exercise: clip_gradients
rejected by: test_hidden.py::test_all_gradients_are_scaled_alike
"""


def clip_gradients(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = math.sqrt(sum(gradient.double().square().sum().item() for gradient in gradients))
    if norm > max_norm:
        for gradient in gradients:
            gradient.mul_(1 / norm)
    return norm
