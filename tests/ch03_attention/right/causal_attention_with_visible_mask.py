"""Keeps a mask of what may be seen, under another name and with a leading dimension, and fuses
the projections.

exercise: CausalAttention
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


class CausalAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super().__init__()
        self.d_out, self.context_length, self.p = d_out, context_length, dropout
        self.W_query = nn.Linear(d_in, d_out, qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, qkv_bias)
        visible = torch.ones(1, context_length, context_length).tril() == 1
        self.register_buffer("may_see", visible, persistent=False)

    def forward(self, x):
        _, n, _ = x.size()
        if n > self.context_length:
            raise ValueError(f"context_length={self.context_length} < {n}=T")
        layers = (self.W_query, self.W_key, self.W_value)
        weight = torch.cat([layer.weight for layer in layers])
        bias = None if self.W_query.bias is None else torch.cat([layer.bias for layer in layers])
        q, k, v = F.linear(x, weight, bias).split(self.d_out, dim=2)
        scores = torch.baddbmm(torch.zeros(1, 1, 1, dtype=x.dtype), q, k.mT) / math.sqrt(self.d_out)
        scores = torch.where(self.may_see[:, :n, :n], scores, -torch.inf)
        return F.dropout(torch.softmax(scores, 2), self.p, self.training).bmm(v)
