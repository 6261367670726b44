"""Normalises after each shortcut, as the first transformer did; GPT-2 normalises before.

exercise: TransformerBlock
rejected by: test_visible.py::test_block_is_written_from_scratch
"""

from typing import Any

from torch import Tensor, nn


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
        x = self.norm1(x + self.drop_resid(self.att(x)))
        return self.norm2(x + self.drop_resid(self.ff(x)))
