"""Adds the heads up instead of joining them.

exercise: MultiHeadAttentionWrapper
rejected by: test_visible.py::test_wrapper_joins_its_heads
"""

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
        return sum(head(x) for head in self.heads)  # (B, T, num_heads * d_out)
