"""Does not subtract the mean and divides by the root mean square: that is RMSNorm.

exercise: LayerNorm
rejected by: test_visible.py::test_norm_is_written_from_scratch
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
        mean = 0.0
        var = x.square().mean(dim=-1, keepdim=True) + 1.0
        return self.scale * (x - mean) / torch.sqrt(var + self.eps) + self.shift  # (..., C)
