"""Gives each head what the head before it answered.

exercise: MultiHeadAttentionWrapper
rejected by: test_visible.py::test_wrapper_is_written_from_scratch
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
        out = []
        for head in self.heads:
            x = head(x)
            out.append(x)
        return torch.cat(out, dim=-1)  # (B, T, num_heads * d_out)
