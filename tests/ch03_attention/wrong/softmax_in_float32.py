"""Computes in float32 whatever came, so that float64 loses its dtype and its precision.

exercise: softmax
rejected by: test_hidden.py::test_softmax_of_any_shape
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    # The largest exponent becomes 0, so nothing overflows and no sum is below 1.
    x = x.float()
    powers = torch.exp(x - x.amax(dim=dim, keepdim=True))
    return powers / powers.sum(dim=dim, keepdim=True)
