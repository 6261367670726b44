"""Detaches the sum together with the maximum: the values are right, the gradients are not.

exercise: softmax
rejected by: test_hidden.py::test_gradients_flow_through_softmax
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    # The largest exponent becomes 0, so nothing overflows and no sum is below 1.
    powers = torch.exp(x - x.amax(dim=dim, keepdim=True))
    return powers / powers.sum(dim=dim, keepdim=True).detach()
