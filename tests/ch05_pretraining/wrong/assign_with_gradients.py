"""Copies outside torch.no_grad(), which torch refuses for a parameter.

exercise: assign
rejected by: test_hidden.py::test_assign_works_on_parameters
"""

import torch


def assign(left, right):
    right = torch.as_tensor(right)
    if left.shape != right.shape:
        raise ValueError(f"left has shape {tuple(left.shape)}, right {tuple(right.shape)}")
    return left.copy_(right)
