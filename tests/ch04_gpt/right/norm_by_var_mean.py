"""Asks torch.var_mean for both, keeps eps as a buffer outside the state dict, and ends in a power.

exercise: LayerNorm
"""

import torch
from torch import nn


class LayerNorm(nn.Module):
    def __init__(self, emb_dim):
        super().__init__()
        self.scale = nn.Parameter(torch.full((emb_dim,), 1.0))
        self.shift = nn.Parameter(torch.full((emb_dim,), 0.0))
        self.register_buffer("eps", torch.tensor(1e-5), persistent=False)

    def forward(self, x):
        variance, mean = torch.var_mean(x, dim=(-1,), correction=0, keepdim=True)
        return ((x - mean) * (variance + self.eps) ** -0.5) * self.scale + self.shift
