"""Concatenates the three matrices and multiplies once.

exercise: SelfAttention_v1
"""

import torch
from torch import nn


class SelfAttention_v1(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.W_query = nn.Parameter(torch.randn(d_in, d_out))
        self.W_key = nn.Parameter(torch.randn(d_in, d_out))
        self.W_value = nn.Parameter(torch.randn(d_in, d_out))

    def forward(self, x):
        q, k, v = (x @ torch.cat([self.W_query, self.W_key, self.W_value], 1)).chunk(3, dim=-1)
        return torch.einsum(
            "qk,kd->qd", softmax(torch.einsum("qd,kd->qk", q, k) / k.shape[1] ** 0.5, 1), v
        )
