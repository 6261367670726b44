"""Stacks the heads in the last dimension and flattens, so that their channels alternate.

exercise: MultiHeadAttentionWrapper
rejected by: test_visible.py::test_wrapper_joins_its_heads
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
        self.heads = nn.ModuleList(
            CausalAttention(d_in, d_out, context_length, dropout, qkv_bias)
            for _ in range(num_heads)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([head(x) for head in self.heads], dim=-1).flatten(
            -2
        )  # (B, T, num_heads * d_out)
