"""Drops all weights of a query at once.

exercise: CausalAttention
rejected by: test_hidden.py::test_causal_attention_drops_weights_in_training
"""

import torch
from torch import Tensor, nn


class CausalAttention(nn.Module):
    def __init__(
        self, d_in: int, d_out: int, context_length: int, dropout: float, qkv_bias: bool = False
    ) -> None:
        super().__init__()
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.dropout = nn.Dropout(dropout)
        future = torch.ones(context_length, context_length, dtype=torch.bool).triu(diagonal=1)
        self.mask: Tensor
        self.register_buffer("mask", future, persistent=False)  # (context_length, context_length)

    def forward(self, x: Tensor) -> Tensor:
        T, context_length = x.shape[1], len(self.mask)
        if context_length < T:
            raise ValueError(f"{T} tokens do not fit into a context of {context_length}")
        queries = self.W_query(x)  # (B, T, d_out)
        keys = self.W_key(x)  # (B, T, d_out)
        values = self.W_value(x)  # (B, T, d_out)
        scores = queries @ keys.transpose(1, 2)  # (B, T, T)
        scores = scores.masked_fill(self.mask[:T, :T], -torch.inf)
        weights = softmax(scores / keys.shape[-1] ** 0.5, dim=-1)
        weights = weights * self.dropout(torch.ones_like(weights[..., :1]))
        return weights @ values  # (B, T, d_out)
