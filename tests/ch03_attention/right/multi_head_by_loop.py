"""Loops over the heads in Python and adds up each head's share of out_proj.

exercise: MultiHeadAttention
"""

import math

import torch
from torch import nn


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

        future = torch.ones(context_length, context_length, dtype=torch.bool).triu(1)
        self.register_buffer("hidden", future, persistent=False)

    def forward(self, x):
        T = x.shape[1]
        if T > len(self.hidden):
            raise ValueError(f"{T} tokens, at most {len(self.hidden)} fit")
        q, k, v = self.W_query(x), self.W_key(x), self.W_value(x)
        out = self.out_proj.bias
        for h in range(self.num_heads):
            own = slice(h * self.head_dim, (h + 1) * self.head_dim)
            scores = q[..., own] @ k[..., own].mT / math.sqrt(self.head_dim)
            weights = self.dropout(softmax(scores.masked_fill(self.hidden[:T, :T], -torch.inf), -1))
            out = out + weights @ v[..., own] @ self.out_proj.weight[:, own].T
        return out
