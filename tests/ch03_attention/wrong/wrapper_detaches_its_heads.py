"""Trains the first head only, since the others are detached.

exercise: MultiHeadAttentionWrapper
rejected by: test_hidden.py::test_wrapper_trains_all_its_heads
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
        return torch.cat(
            [h(x) if i == 0 else h(x).detach() for i, h in enumerate(self.heads)], dim=-1
        )  # (B, T, num_heads * d_out)
