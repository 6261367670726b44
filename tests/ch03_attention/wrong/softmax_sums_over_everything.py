"""Divides by the sum over the whole tensor, so that all weights together sum to 1 instead of each
row.

exercise: softmax
rejected by: test_visible.py::test_softmax_by_hand
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    # The largest exponent becomes 0, so nothing overflows and no sum is below 1.
    powers = torch.exp(x - x.amax(dim=dim, keepdim=True))
    return powers / powers.sum()
