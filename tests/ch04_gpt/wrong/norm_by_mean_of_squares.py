"""Computes the variance as mean of squares minus square of the mean, which may come out below 0.

exercise: LayerNorm
rejected by: test_hidden.py::test_norm_of_equal_values_is_the_shift
"""

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.shift = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=-1, keepdim=True)
        var = (x * x).mean(dim=-1, keepdim=True) - mean * mean
        return self.scale * (x - mean) / torch.sqrt(var + 1e-5) + self.shift
