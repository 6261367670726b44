"""Takes exp of the numbers as they are, which is inf from 89 on, and inf / inf is nan.

exercise: softmax
rejected by: test_hidden.py::test_softmax_of_large_numbers
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    # The largest exponent becomes 0, so nothing overflows and no sum is below 1.
    powers = torch.exp(x)
    return powers / powers.sum(dim=dim, keepdim=True)
