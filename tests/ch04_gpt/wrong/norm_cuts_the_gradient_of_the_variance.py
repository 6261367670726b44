"""Treats mean and variance as constants: right values, wrong gradients.

exercise: LayerNorm
rejected by: test_hidden.py::test_norm_passes_gradients_through_mean_and_variance
"""

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.eps = 1e-5
        self.scale = nn.Parameter(torch.ones(emb_dim))  # (C,)
        self.shift = nn.Parameter(torch.zeros(emb_dim))  # (C,)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=-1, keepdim=True).detach()
        var = x.var(dim=-1, keepdim=True, unbiased=False).detach()
        return self.scale * (x - mean) / torch.sqrt(var + self.eps) + self.shift  # (..., C)
