"""Takes the softmax over the queries (dim=0) instead of the keys.

exercise: SelfAttention_v1
rejected by: test_hidden.py::test_v1_of_any_shape
"""

import torch
from torch import Tensor, nn


class SelfAttention_v1(nn.Module):
    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        self.W_query = nn.Parameter(torch.rand(d_in, d_out))
        self.W_key = nn.Parameter(torch.rand(d_in, d_out))
        self.W_value = nn.Parameter(torch.rand(d_in, d_out))

    def forward(self, x: Tensor) -> Tensor:
        queries = x @ self.W_query  # (T, d_out)
        keys = x @ self.W_key  # (T, d_out)
        values = x @ self.W_value  # (T, d_out)
        scores = queries @ keys.T  # (T, T)
        weights = softmax(scores / keys.shape[-1] ** 0.5, dim=0)
        return weights @ values  # (T, d_out)
