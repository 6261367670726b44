"""Drops values out without scaling the others up.

exercise: TransformerBlock
rejected by: test_hidden.py::test_block_drops_what_it_adds_and_not_the_shortcut
"""

from typing import Any

import torch
from torch import Tensor, nn


class Drop(nn.Dropout):
    def forward(self, x: Tensor) -> Tensor:
        return x * (torch.rand_like(x) >= self.p) if self.training else x


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
        self.drop_resid = Drop(_drop_rate(cfg, "shortcut"))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_resid(self.att(self.norm1(x)))
        return x + self.drop_resid(self.ff(self.norm2(x)))
