"""Takes mean and variance as products with ones, and multiplies by a reciprocal root.

exercise: LayerNorm
"""

import torch
from torch import nn


class LayerNorm(nn.Module):
    def __init__(self, emb_dim):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(emb_dim))
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.emb_dim = emb_dim

    def forward(self, x):
        centred = x - x.sum(-1).unsqueeze(-1) / self.emb_dim
        variance = torch.einsum("...c,...c->...", centred, centred).unsqueeze(-1) / self.emb_dim
        return torch.addcmul(self.shift, centred * (variance + 1e-5).rsqrt(), self.scale)
