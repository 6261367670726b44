"""Calls torch's scaled_dot_product_attention, which is what this chapter builds.

exercise: SelfAttention_v1
rejected by: test_visible.py::test_v1_is_written_from_scratch
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SelfAttention_v1(nn.Module):
    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        self.W_query = nn.Parameter(torch.rand(d_in, d_out))
        self.W_key = nn.Parameter(torch.rand(d_in, d_out))
        self.W_value = nn.Parameter(torch.rand(d_in, d_out))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (x[None] @ w for w in (self.W_query, self.W_key, self.W_value))
        return F.scaled_dot_product_attention(q, k, v)[0]
