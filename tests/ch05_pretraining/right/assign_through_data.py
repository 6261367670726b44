"""Copies through .data, which autograd does not watch.

exercise: assign
"""

import torch


def assign(left, right):
    source = right if isinstance(right, torch.Tensor) else torch.as_tensor(right)
    if left.size() != source.size():
        raise ValueError("left {}, right {}".format(tuple(left.shape), tuple(source.shape)))
    left.data.copy_(source.detach())
    return left
