"""Adds the norms of the parameters instead of their squares.

exercise: clip_gradients
rejected by: test_hidden.py::test_clipping_is_that_of_torch
"""


def clip_gradients(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = sum(gradient.norm().item() for gradient in gradients)
    if norm > max_norm:
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return norm
