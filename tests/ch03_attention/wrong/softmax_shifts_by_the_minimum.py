"""Subtracts the minimum of the row, which keeps nothing from overflowing.

exercise: softmax
rejected by: test_hidden.py::test_softmax_of_large_numbers
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    # The largest exponent becomes 0, so nothing overflows and no sum is below 1.
    powers = torch.exp(x - x.amin(dim=dim, keepdim=True))
    return powers / powers.sum(dim=dim, keepdim=True)
