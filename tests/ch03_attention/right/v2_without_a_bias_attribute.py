"""Has layers of its own, which have no attribute `bias` where there is none.

exercise: SelfAttention_v2
"""

import torch
from torch import nn
from torch.nn import functional as F


class Affine(nn.Module):
    def __init__(self, d_in, d_out, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(d_out, d_in) - 0.5)
        if bias:
            self.bias = nn.Parameter(torch.zeros(d_out))

    def forward(self, x):
        return F.linear(x, self.weight, getattr(self, "bias", None))


class SelfAttention_v2(nn.Module):
    def __init__(self, d_in, d_out, qkv_bias=False):
        super().__init__()
        self.W_query, self.W_key, self.W_value = (Affine(d_in, d_out, qkv_bias) for _ in range(3))

    def forward(self, x):
        q, k, v = self.W_query(x), self.W_key(x), self.W_value(x)
        return (q @ k.T / q.size(-1) ** 0.5).softmax(-1) @ v
