"""Gives `left` the dtype of `right`, so that a half-precision file turns parts of the model to half.

exercise: assign
rejected by: test_hidden.py::test_assign_keeps_the_dtype_of_left
"""

import torch


def assign(left, right):
    right = torch.as_tensor(right)
    if left.shape != right.shape:
        raise ValueError(f"left has shape {tuple(left.shape)}, right {tuple(right.shape)}")
    left.data = right.clone()
    return left
