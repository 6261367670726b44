"""Subtracts the maximum of the whole tensor: the powers of a row far below it are all 0, and 0 /
0 is nan.

exercise: softmax
rejected by: test_hidden.py::test_softmax_of_rows_far_apart
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    # The largest exponent becomes 0, so nothing overflows and no sum is below 1.
    powers = torch.exp(x - x.max())
    return powers / powers.sum(dim=dim, keepdim=True)
