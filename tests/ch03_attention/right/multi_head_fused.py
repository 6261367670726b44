"""Multiplies once with all three weights stacked, folds the heads into the batch, and adds a
float mask made from its bool buffer.

exercise: MultiHeadAttention
"""

import torch
from torch import nn
from torch.nn import functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        if d_out % num_heads:
            raise ValueError(f"num_heads={num_heads} must divide d_out={d_out}")
        self.num_heads, self.head_dim = num_heads, d_out // num_heads
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)
        self.dropout = nn.Dropout(dropout)

        future = torch.ones(1, context_length, context_length, dtype=torch.bool).triu(1)
        self.register_buffer("future", future, persistent=False)

    def forward(self, x):
        B, T, _ = x.shape
        if T > self.future.shape[-1]:
            raise ValueError(f"T={T}, context_length={self.future.shape[-1]}")
        layers = (self.W_query, self.W_key, self.W_value)
        weight = torch.cat([layer.weight for layer in layers])
        bias = (
            torch.cat([layer.bias for layer in layers]) if self.W_query.bias is not None else None
        )
        qkv = F.linear(x, weight, bias).view(B, T, 3, self.num_heads, self.head_dim)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).reshape(3, B * self.num_heads, T, self.head_dim)
        mask = torch.zeros(1, T, T, dtype=x.dtype).masked_fill(self.future[:, :T, :T], -torch.inf)
        weights = self.dropout(torch.softmax(torch.bmm(q * self.head_dim**-0.5, k.mT) + mask, -1))
        context = (weights @ v).unflatten(0, (B, self.num_heads)).movedim(1, 2).flatten(2)
        return self.out_proj(context)
