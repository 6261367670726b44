"""Makes the head first, with the weights of GPT-2 (std 0.02), and gives one row at a time to the
blocks.

exercise: GPTModel
"""

from collections import OrderedDict

import torch
from torch import nn


class GPTModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = dict(cfg)
        self.out_head = nn.Linear(cfg["emb_dim"], cfg["vocab_size"], False)
        self.final_norm = LayerNorm(cfg["emb_dim"])
        blocks = [(str(i), TransformerBlock(cfg)) for i in range(cfg["n_layers"])]
        self.trf_blocks = nn.Sequential(OrderedDict(blocks))
        self.drop_emb = nn.Dropout(_drop_rate(cfg, "emb"))
        self.pos_emb = nn.Embedding(cfg["context_length"], cfg["emb_dim"])
        self.tok_emb = nn.Embedding(cfg["vocab_size"], cfg["emb_dim"])
        if self.cfg.get("tied", False):
            self.tok_emb.weight = self.out_head.weight
        for parameter in (self.tok_emb.weight, self.pos_emb.weight, self.out_head.weight):
            nn.init.normal_(parameter, std=0.02)

    def forward(self, in_idx):
        B, T = in_idx.shape
        if not T <= self.cfg["context_length"]:
            raise ValueError("too long: %d > %d" % (T, self.cfg["context_length"]))
        rows = []
        for row in in_idx:
            x = self.tok_emb.weight[row] + self.pos_emb.weight.narrow(0, 0, T)
            x = self.trf_blocks(self.drop_emb(x)[None])[0]
            rows.append(self.final_norm(x) @ self.out_head.weight.mT)
        return torch.stack(rows)
