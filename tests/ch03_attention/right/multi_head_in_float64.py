"""Computes the scores in float64 and casts back; hides with -1e9; the heads are chunks.

exercise: MultiHeadAttention
"""

import math

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

        self.p = dropout
        mask = torch.arange(context_length)[None, :] > torch.arange(context_length)[:, None]
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        length, limit = x.size(1), self.mask.size(1)
        if not length <= limit:
            raise ValueError(f"the sequence has {length} tokens, the context {limit}")
        q, k, v = (
            torch.stack(w(x).double().chunk(self.num_heads, dim=-1), dim=1)
            for w in (self.W_query, self.W_key, self.W_value)
        )
        scores = (q @ k.mT).masked_fill(self.mask[None, None, :length, :length], -1e9)
        weights = F.dropout(softmax(scores / math.sqrt(self.head_dim), -1), self.p, self.training)
        context = torch.cat((weights @ v).unbind(1), dim=-1).to(x.dtype)
        return F.linear(context, self.out_proj.weight, self.out_proj.bias)
