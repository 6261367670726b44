"""Returns a new parameter, as the book does, and leaves `left` as it was: whatever is tied to it
keeps its old numbers.

exercise: assign
rejected by: test_visible.py::test_assign_fills_left_in_place
"""

import torch
from torch import nn


def assign(left, right):
    right = torch.as_tensor(right)
    if left.shape != right.shape:
        raise ValueError(f"Shape mismatch. Left: {tuple(left.shape)}, Right: {tuple(right.shape)}")
    return nn.Parameter(right.to(left.dtype).clone())
