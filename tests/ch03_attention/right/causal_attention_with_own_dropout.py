"""Drops by hand, reuses causal_attention_weights, and calls its mask bias.

exercise: CausalAttention
"""

import torch
from torch import nn


class CausalAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super().__init__()
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.rate = dropout
        mask = torch.tril(torch.ones(context_length, context_length, dtype=torch.bool))
        self.register_buffer("bias", mask, persistent=False)

    def forward(self, x):
        if (T := x.shape[1]) > (limit := self.bias.shape[-1]):
            raise ValueError("at most", limit, "tokens, not", T)
        k = self.W_key(x)
        scores = torch.einsum("bqd,bkd->bqk", self.W_query(x), k)
        weights = causal_attention_weights(scores, k.shape[-1])
        if self.training and self.rate > 0:
            keep = torch.bernoulli(torch.full_like(weights, 1 - self.rate))
            weights = weights * keep / (1 - self.rate)
        return torch.einsum("bqk,bkd->bqd", weights, self.W_value(x))
