"""Cleans -inf to 0 before exp, so that what a mask hides gets a weight.

exercise: softmax
rejected by: test_hidden.py::test_softmax_gives_no_weight_to_minus_infinity
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    # The largest exponent becomes 0, so nothing overflows and no sum is below 1.
    x = torch.where(torch.isinf(x), 0.0, x)
    powers = torch.exp(x - x.amax(dim=dim, keepdim=True))
    return powers / powers.sum(dim=dim, keepdim=True)
