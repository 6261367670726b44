"""Has scale and shift but does not use them: they are one and zero at the start only.

exercise: LayerNorm
rejected by: test_visible.py::test_norm_equals_torch
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
        return (x - mean) / torch.sqrt(var + self.eps)
