"""Compares how many values there are instead of the shapes, and reshapes: a transposed matrix gets
in as garbage.

exercise: assign
rejected by: test_hidden.py::test_assign_takes_equal_shapes_only
"""

import torch


def assign(left, right):
    right = torch.as_tensor(right)
    if left.numel() != right.numel():
        raise ValueError(f"left has shape {tuple(left.shape)}, right {tuple(right.shape)}")
    with torch.no_grad():
        return left.copy_(right.reshape(left.shape))
