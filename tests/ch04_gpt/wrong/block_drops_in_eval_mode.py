"""Calls dropout without telling it the mode, so that it stays active in eval mode.

exercise: TransformerBlock
rejected by: test_hidden.py::test_block_drops_what_it_adds_and_not_the_shortcut
"""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional


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
        rate = self.drop_resid.p
        x = x + functional.dropout(self.att(self.norm1(x)), rate)
        return x + functional.dropout(self.ff(self.norm2(x)), rate)
