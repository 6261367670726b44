"""Points `left` at the memory of `right` instead of copying: training the model changes the
checkpoint.

exercise: assign
rejected by: test_hidden.py::test_assign_shares_no_memory_with_right
"""

import torch


def assign(left, right):
    right = torch.as_tensor(right)
    if left.shape != right.shape:
        raise ValueError(f"left has shape {tuple(left.shape)}, right {tuple(right.shape)}")
    left.data = right.to(left.dtype)
    return left
