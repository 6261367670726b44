"""Writes each head's answer into its slice of one tensor.

exercise: MultiHeadAttentionWrapper
"""

from torch import nn


class MultiHeadAttentionWrapper(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        settings = (d_in, d_out, context_length, dropout, qkv_bias)
        self.heads = nn.ModuleList([CausalAttention(*settings) for _ in range(num_heads)])
        self.d_out = d_out

    def forward(self, x):
        out = x.new_zeros(*x.shape[:2], self.d_out * len(self.heads))
        for i, head in enumerate(self.heads):
            out[..., i * self.d_out : (i + 1) * self.d_out] = head(x)
        return out
