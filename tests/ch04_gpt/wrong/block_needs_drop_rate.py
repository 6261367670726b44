"""Looks drop_rate up although both of the rates that it needs are given.

exercise: TransformerBlock
rejected by: test_hidden.py::test_block_takes_rates_of_zero_at_their_word
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
            dropout=cfg.get("drop_rate_attn", cfg["drop_rate"]),
            num_heads=cfg["n_heads"],
            qkv_bias=cfg["qkv_bias"],
        )
        self.ff = FeedForward(cfg)
        self.norm1 = LayerNorm(cfg["emb_dim"])
        self.norm2 = LayerNorm(cfg["emb_dim"])
        self.drop_resid = nn.Dropout(cfg.get("drop_rate_shortcut", cfg["drop_rate"]))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_resid(self.att(self.norm1(x)))  # (B, T, C)
        return x + self.drop_resid(self.ff(self.norm2(x)))  # (B, T, C)
