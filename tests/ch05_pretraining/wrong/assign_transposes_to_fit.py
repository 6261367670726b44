"""Transposes by itself where that makes the shapes fit, which hides mistakes and cannot work for
square ones.

exercise: assign
rejected by: test_hidden.py::test_assign_takes_equal_shapes_only
"""

import torch


def assign(left, right):
    right = torch.as_tensor(right)
    if right.ndim == 2 and left.shape == right.T.shape:
        right = right.T
    if left.shape != right.shape:
        raise ValueError(f"left has shape {tuple(left.shape)}, right {tuple(right.shape)}")
    with torch.no_grad():
        return left.copy_(right)
