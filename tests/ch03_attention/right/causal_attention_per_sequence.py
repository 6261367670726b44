"""Loops over the sequences of the batch, and over the queries.

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
        self.drop = nn.Dropout(p=dropout)
        visible = torch.ones(context_length, context_length, dtype=torch.bool).tril()
        self.register_buffer("visible", visible, persistent=False)

    def forward(self, x):
        if x.size(1) > len(self.visible):
            raise ValueError(f"{x.size(1)} > {len(self.visible)}")
        out = []
        for sequence in x:
            q, k, v = self.W_query(sequence), self.W_key(sequence), self.W_value(sequence)
            rows = []
            for t in range(len(sequence)):
                seen = self.visible[t, : len(sequence)]
                weights = softmax(k[seen] @ q[t] / k.shape[-1] ** 0.5, 0)
                rows.append(self.drop(weights) @ v[seen])
            out.append(torch.stack(rows))
        return torch.stack(out)
