"""Has a second dropout of its own for the feed-forward part, and keeps the shortcut by name.

exercise: TransformerBlock
"""

import torch
from torch import nn


class TransformerBlock(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        rate = cfg["drop_rate_shortcut"] if "drop_rate_shortcut" in cfg else cfg["drop_rate"]
        att_rate = cfg["drop_rate_attn"] if "drop_rate_attn" in cfg else cfg["drop_rate"]
        C = cfg["emb_dim"]
        self.norm1, self.norm2 = LayerNorm(C), LayerNorm(C)
        self.drop_resid, self.drop_ff = nn.Dropout(rate), nn.Dropout(rate)
        self.ff = FeedForward(cfg)
        self.att = MultiHeadAttention(
            C, C, cfg["context_length"], att_rate, cfg["n_heads"], cfg["qkv_bias"]
        )

    def forward(self, x):
        shortcut = x
        x = self.norm1(x)
        x = self.att(x)
        x = self.drop_resid(x)
        x = x + shortcut

        shortcut = x
        x = self.norm2(x)
        x = self.ff(x)
        x = self.drop_ff(x)
        return torch.add(x, shortcut)
