"""Adds in place, and so changes x, where no gradients are recorded.

exercise: TransformerBlock
rejected by: test_hidden.py::test_block_changes_neither_input_nor_cfg
"""

from typing import Any

import torch
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
        add = torch.add if torch.is_grad_enabled() else Tensor.add_
        x = add(x, self.drop_resid(self.att(self.norm1(x))))
        return add(x, self.drop_resid(self.ff(self.norm2(x))))
