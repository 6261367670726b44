"""Cuts its mask for good at each call, so that no later sequence may be longer.

exercise: MultiHeadAttention
rejected by: test_hidden.py::test_multi_head_attention_refuses_a_long_sequence
"""

import torch
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        num_heads: int,
        qkv_bias: bool = False,
    ) -> None:
        super().__init__()
        if d_out % num_heads:
            raise ValueError(f"d_out {d_out} is not divisible by num_heads {num_heads}")
        self.num_heads = num_heads
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)
        self.dropout = nn.Dropout(dropout)
        future = torch.ones(context_length, context_length, dtype=torch.bool).triu(diagonal=1)
        self.mask: Tensor
        self.register_buffer("mask", future, persistent=False)  # (context_length, context_length)

    def forward(self, x: Tensor) -> Tensor:
        (B, T, _), context_length = x.shape, len(self.mask)
        if context_length < T:
            raise ValueError(f"{T} tokens do not fit into a context of {context_length}")
        queries = self.W_query(x).view(B, T, self.num_heads, -1).transpose(1, 2)  # (B, H, T, D)
        keys = self.W_key(x).view(B, T, self.num_heads, -1).transpose(1, 2)  # (B, H, T, D)
        values = self.W_value(x).view(B, T, self.num_heads, -1).transpose(1, 2)  # (B, H, T, D)
        scores = queries @ keys.transpose(2, 3)  # (B, H, T, T)
        self.mask = self.mask[:T, :T]
        scores = scores.masked_fill(self.mask, -torch.inf)
        weights = self.dropout(softmax(scores / keys.shape[-1] ** 0.5, dim=-1))
        context = (weights @ values).transpose(1, 2)  # (B, T, H, D)
        return self.out_proj(context.reshape(B, T, -1))  # (B, T, d_out)
