"""Makes its heads of torch's scaled_dot_product_attention.

exercise: MultiHeadAttentionWrapper
rejected by: test_visible.py::test_wrapper_is_written_from_scratch
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


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
            q, k, v = head.W_query(x), head.W_key(x), head.W_value(x)
            out.append(F.scaled_dot_product_attention(q, k, v, is_causal=True))
        return torch.cat(out, dim=-1)  # (B, T, num_heads * d_out)
