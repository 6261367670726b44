"""Appends to the ModuleList in a loop and joins by stacking in front of the channels.

exercise: MultiHeadAttentionWrapper
"""

import torch
from torch import nn


class MultiHeadAttentionWrapper(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        self.heads = nn.ModuleList()
        while len(self.heads) < num_heads:
            self.heads.append(
                CausalAttention(d_in, d_out, context_length, dropout=dropout, qkv_bias=qkv_bias)
            )

    def forward(self, x):
        return torch.stack([head(x) for head in self.heads], dim=2).flatten(start_dim=2)
