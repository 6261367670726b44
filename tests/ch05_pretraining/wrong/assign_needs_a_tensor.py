"""Asks `right` for its shape before making it a tensor, so that lists of numbers fail.

exercise: assign
rejected by: test_hidden.py::test_assign_takes_what_as_tensor_takes
"""

import torch


def assign(left, right):
    if left.shape != right.shape:
        raise ValueError(f"left has shape {tuple(left.shape)}, right {tuple(right.shape)}")
    with torch.no_grad():
        return left.copy_(right)
