"""Drops numbers of the joined context vectors instead of attention weights.

exercise: MultiHeadAttentionWrapper
rejected by: test_hidden.py::test_wrapper_drops_weights_in_training_only
"""

import torch
from torch import Tensor, nn


class MultiHeadAttentionWrapper(nn.Module):
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
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleList(
            CausalAttention(d_in, d_out, context_length, 0.0, qkv_bias) for _ in range(num_heads)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(
            torch.cat([head(x) for head in self.heads], dim=-1)
        )  # (B, T, num_heads * d_out)
