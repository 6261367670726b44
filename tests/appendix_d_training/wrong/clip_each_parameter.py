"""Clips each parameter's gradient to the limit by itself, which bends their common direction.

exercise: clip_gradients
rejected by: test_hidden.py::test_all_gradients_are_scaled_alike
"""


def clip_gradients(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = math.sqrt(sum(gradient.double().square().sum().item() for gradient in gradients))
    for gradient in gradients:
        if gradient.norm() > max_norm:
            gradient.mul_(max_norm / gradient.norm())
    return norm
