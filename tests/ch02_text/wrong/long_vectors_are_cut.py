"""Cuts vectors of tokens that are longer than 10.

exercise: InputEmbedding
rejected by: test_hidden.py::test_input_embedding_of_any_size
"""

import torch
from torch import nn


class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.tok_emb = nn.Embedding(vocab_size, emb_dim, max_norm=10)
        self.pos_emb = nn.Embedding(context_length, emb_dim)

    def forward(self, in_idx):
        T, L = in_idx.shape[1], self.pos_emb.num_embeddings
        if T > L:
            raise ValueError(f"{T} tokens, a context of {L}")
        return self.tok_emb(in_idx) + self.pos_emb(torch.arange(T))
