"""Works for (B, T, C) only, because it names the dimension 2 instead of the last one.

exercise: LayerNorm
rejected by: test_hidden.py::test_norm_equals_torch_for_any_shape_and_size
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
        mean = x.mean(dim=2, keepdim=True)  # (..., 1)
        var = x.var(dim=2, keepdim=True, unbiased=False)  # (..., 1)
        return self.scale * (x - mean) / torch.sqrt(var + self.eps) + self.shift  # (..., C)
