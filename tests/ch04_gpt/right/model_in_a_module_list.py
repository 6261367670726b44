"""Keeps the blocks in a ModuleList, positions in a buffer outside the state dict, and ties the
other way round.

exercise: GPTModel
"""

import torch
from torch import nn
from torch.nn import functional


class GPTModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        V, C, N = cfg["vocab_size"], cfg["emb_dim"], cfg["context_length"]
        self.tok_emb, self.pos_emb = nn.Embedding(V, C), nn.Embedding(N, C)
        rate = cfg.get("drop_rate_emb")
        self.drop_emb = nn.Dropout(cfg["drop_rate"] if rate is None else rate)
        self.trf_blocks = nn.ModuleList(TransformerBlock(cfg) for _ in range(cfg["n_layers"]))
        self.final_norm = LayerNorm(C)
        self.out_head = nn.Linear(C, V, bias=False)
        self.register_buffer("positions", torch.arange(N), persistent=False)
        if cfg.get("tied"):
            self.out_head.weight = self.tok_emb.weight

    def forward(self, in_idx):
        _, length = in_idx.shape
        if length > len(self.positions):
            raise ValueError(f"context_length is {len(self.positions)}, the prompt has {length}")
        x = self.drop_emb(self.tok_emb(in_idx).add(self.pos_emb(self.positions[:length])))
        for block in self.trf_blocks:
            x = block(x)
        return functional.linear(self.final_norm(x), self.out_head.weight)
