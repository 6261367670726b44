"""Drops with the functional form and self.training, through one helper for both parts.

exercise: TransformerBlock
"""

from torch import nn
from torch.nn import functional


class TransformerBlock(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        rates = {"attn": cfg.get("drop_rate"), "shortcut": cfg.get("drop_rate")}
        rates.update(
            {place: cfg[f"drop_rate_{place}"] for place in rates if f"drop_rate_{place}" in cfg}
        )
        sizes = [cfg["emb_dim"]] * 2
        self.att = MultiHeadAttention(
            *sizes, cfg["context_length"], rates["attn"], cfg["n_heads"], qkv_bias=cfg["qkv_bias"]
        )
        self.ff = FeedForward(dict(emb_dim=cfg["emb_dim"]))
        self.norm1, self.norm2 = map(LayerNorm, sizes)
        self.drop_resid = nn.Dropout(rates["shortcut"])

    def _add(self, x, norm, part):
        return x + functional.dropout(part(norm(x)), self.drop_resid.p, self.training)

    def forward(self, x):
        return self._add(self._add(x, self.norm1, self.att), self.norm2, self.ff)
