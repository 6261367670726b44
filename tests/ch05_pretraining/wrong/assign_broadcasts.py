"""Leaves the check of shapes to copy_, which repeats a row or a single number until it fits.

exercise: assign
rejected by: test_visible.py::test_assign_refuses_another_shape
"""

import torch


def assign(left, right):
    right = torch.as_tensor(right)
    with torch.no_grad():
        try:
            return left.copy_(right)
        except RuntimeError:
            raise ValueError(f"{tuple(left.shape)} and {tuple(right.shape)}") from None
