"""Has modules of its own for the tables, under the same names.

exercise: InputEmbedding
"""

import torch
from torch import nn


class _Table(nn.Module):
    def __init__(self, rows, columns):
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(rows, columns))

    def forward(self, index):
        return self.weight[index]


class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.tok_emb = _Table(vocab_size, emb_dim)
        self.pos_emb = _Table(context_length, emb_dim)

    def forward(self, in_idx):
        T, context = in_idx.shape[-1], len(self.pos_emb.weight)
        if T > context:
            raise ValueError(f"{T} > {context}")
        position = torch.arange(T).expand_as(in_idx)
        return torch.add(self.tok_emb(in_idx), self.pos_emb(position))
