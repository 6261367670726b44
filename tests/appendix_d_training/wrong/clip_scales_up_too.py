"""Scales gradients to the limit even where they are below it.

exercise: clip_gradients
rejected by: test_visible.py::test_small_gradients_stay
"""


def clip_gradients(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = math.sqrt(sum(gradient.double().square().sum().item() for gradient in gradients))
    if norm > 0:
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return norm
