"""Cuts scores off at 80, so that larger ones weigh the same.

exercise: SelfAttention_v1
rejected by: test_hidden.py::test_v1_of_large_scores
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
        scores = (queries @ keys.T).clamp(-80, 80)  # (T, T)
        weights = softmax(scores / keys.shape[1] ** 0.5, dim=1)
        return weights @ values  # (T, d_out)
