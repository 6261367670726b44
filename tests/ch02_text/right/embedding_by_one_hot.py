"""Multiplies one-hot vectors with the tables.

exercise: InputEmbedding
"""

import torch
from torch import nn
from torch.nn import functional as F


class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.tok_emb = nn.Embedding(vocab_size, emb_dim)
        self.pos_emb = nn.Embedding(context_length, emb_dim)
        self.limit = context_length

    def forward(self, in_idx):
        batch, length = in_idx.size()
        if length > self.limit:
            raise ValueError(f"context_length is {self.limit}, got a sequence of {length}")
        table = self.tok_emb.weight
        chosen = F.one_hot(in_idx, table.shape[0]).to(table.dtype) @ table
        return chosen + self.pos_emb.weight.narrow(0, 0, length).unsqueeze(0)
