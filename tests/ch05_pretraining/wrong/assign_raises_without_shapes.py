"""Refuses another shape, but says neither shape, so that nobody knows which tensor was wrong.

exercise: assign
rejected by: test_visible.py::test_assign_refuses_another_shape
"""

import torch


def assign(left, right):
    right = torch.as_tensor(right)
    if left.shape != right.shape:
        raise ValueError("shape mismatch")
    with torch.no_grad():
        return left.copy_(right)
