"""Drops out the token and the position embeddings each by itself.

exercise: GPTModel
rejected by: test_hidden.py::test_model_drops_embeddings
"""

from typing import Any

import torch
from torch import Tensor, nn


class GPTModel(nn.Module):
    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        self.context_length = cfg["context_length"]
        self.tok_emb = nn.Embedding(cfg["vocab_size"], cfg["emb_dim"])
        self.pos_emb = nn.Embedding(cfg["context_length"], cfg["emb_dim"])
        self.drop_emb = nn.Dropout(_drop_rate(cfg, "emb"))
        self.trf_blocks = nn.Sequential(*[TransformerBlock(cfg) for _ in range(cfg["n_layers"])])
        self.final_norm = LayerNorm(cfg["emb_dim"])
        self.out_head = nn.Linear(cfg["emb_dim"], cfg["vocab_size"], bias=False)
        if cfg.get("tied", False):
            self.tok_emb.weight = self.out_head.weight

    def forward(self, in_idx: Tensor) -> Tensor:
        T = in_idx.shape[1]
        if self.context_length < T:
            raise ValueError(f"{T} tokens do not fit into a context of {self.context_length}")
        positions = torch.arange(T, device=in_idx.device)
        x = self.drop_emb(self.tok_emb(in_idx)) + self.drop_emb(self.pos_emb(positions))
        return self.out_head(self.final_norm(self.trf_blocks(x)))
