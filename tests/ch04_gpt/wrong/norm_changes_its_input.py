"""Subtracts the mean in place and so changes its caller's tensor, which the shortcut still needs.

exercise: LayerNorm
rejected by: test_hidden.py::test_norm_keeps_the_dtype_and_the_input
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
        mean = x.mean(dim=-1, keepdim=True)  # (..., 1)
        var = x.var(dim=-1, keepdim=True, unbiased=False)  # (..., 1)
        x -= mean
        return self.scale * x / torch.sqrt(var + self.eps) + self.shift
