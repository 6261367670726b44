"""Copies, but hands back `right` instead of `left`.

exercise: assign
rejected by: test_hidden.py::test_assign_works_on_parameters
"""

import torch


def assign(left, right):
    right = torch.as_tensor(right)
    if left.shape != right.shape:
        raise ValueError(f"left has shape {tuple(left.shape)}, right {tuple(right.shape)}")
    with torch.no_grad():
        left.copy_(right)
    return right
