"""Makes the table of positions a constant that is not learned.

exercise: InputEmbedding
rejected by: test_visible.py::test_input_embedding_has_two_tables
"""

import torch
from torch import nn


class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.tok_emb = nn.Embedding(vocab_size, emb_dim)
        self.pos_emb = nn.Embedding(context_length, emb_dim)
        table = self.pos_emb.weight.detach()
        del self.pos_emb.weight
        self.pos_emb.register_buffer("weight", table)

    def forward(self, in_idx):
        T, L = in_idx.shape[1], self.pos_emb.num_embeddings
        if T > L:
            raise ValueError(f"{T} tokens, a context of {L}")
        return self.tok_emb(in_idx) + self.pos_emb(torch.arange(T))
