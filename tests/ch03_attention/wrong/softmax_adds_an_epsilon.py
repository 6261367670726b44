"""Does not subtract the maximum and guards the sum with an epsilon, so that a row of very
negative numbers has no weight at all.

exercise: softmax
rejected by: test_hidden.py::test_softmax_of_rows_far_apart
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    # The largest exponent becomes 0, so nothing overflows and no sum is below 1.
    powers = torch.exp(x)
    return powers / (powers.sum(dim=dim, keepdim=True) + 1e-9)
