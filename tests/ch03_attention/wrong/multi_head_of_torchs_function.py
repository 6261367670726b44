"""Hands its weights to torch's multi_head_attention_forward.

exercise: MultiHeadAttention
rejected by: test_visible.py::test_multi_head_attention_is_written_from_scratch
"""

import torch
from torch import nn
from torch.nn import functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        if d_out % num_heads != 0:
            raise ValueError(f"d_out {d_out} is not divisible by num_heads {num_heads}")
        self.num_heads, self.p = num_heads, dropout
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)
        future = torch.ones(context_length, context_length, dtype=torch.bool).triu(1)
        self.register_buffer("mask", future, persistent=False)

    def forward(self, x):
        B, T, _ = x.shape
        if T > len(self.mask):
            raise ValueError(f"{T} tokens do not fit into a context of {len(self.mask)}")
        q, k, v = (w(x).transpose(0, 1) for w in (self.W_query, self.W_key, self.W_value))
        E = q.shape[-1]
        out, _ = F.multi_head_attention_forward(
            q,
            k,
            v,
            E,
            self.num_heads,
            torch.eye(E, dtype=x.dtype).repeat(3, 1),
            None,
            None,
            None,
            False,
            self.p,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            attn_mask=self.mask[:T, :T],
            need_weights=False,
        )
        return out.transpose(0, 1)
