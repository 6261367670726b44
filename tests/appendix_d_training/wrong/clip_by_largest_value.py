"""Takes the largest absolute value for the norm.

exercise: clip_gradients
rejected by: test_visible.py::test_gradients_are_scaled_to_the_limit
"""


def clip_gradients(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = max((gradient.abs().max().item() for gradient in gradients), default=0.0)
    if norm > max_norm:
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return norm
