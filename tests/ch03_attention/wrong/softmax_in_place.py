"""Subtracts the maximum in place, which changes the caller's scores.

exercise: softmax
rejected by: test_hidden.py::test_softmax_leaves_its_argument_alone
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    x -= x.amax(dim=dim, keepdim=True).detach()
    # The largest exponent becomes 0, so nothing overflows and no sum is below 1.
    powers = torch.exp(x)
    return powers / powers.sum(dim=dim, keepdim=True)
