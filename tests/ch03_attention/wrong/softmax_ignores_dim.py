"""Always works along the last dimension, so `dim` has no effect.

exercise: softmax
rejected by: test_visible.py::test_softmax_follows_the_dimension_asked_for
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    # The largest exponent becomes 0, so nothing overflows and no sum is below 1.
    powers = torch.exp(x - x.amax(dim=-1, keepdim=True))
    return powers / powers.sum(dim=-1, keepdim=True)
