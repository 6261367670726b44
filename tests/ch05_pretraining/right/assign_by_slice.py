"""Writes through an index of everything instead of copy_.

exercise: assign
"""

import torch


@torch.no_grad()
def assign(left, right):
    right = torch.as_tensor(right, device=left.device)
    if tuple(left.shape) != tuple(right.shape):
        raise ValueError(f"cannot put {list(right.shape)} into {list(left.shape)}")
    left[...] = right.to(left.dtype)
    return left
