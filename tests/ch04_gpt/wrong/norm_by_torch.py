"""Calls torch's own layer_norm, which this exercise is about building.

exercise: LayerNorm
rejected by: test_visible.py::test_norm_is_written_from_scratch
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class LayerNorm(nn.Module):
    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.eps = 1e-5
        self.scale = nn.Parameter(torch.ones(emb_dim))  # (C,)
        self.shift = nn.Parameter(torch.zeros(emb_dim))  # (C,)

    def forward(self, x: Tensor) -> Tensor:

        return functional.layer_norm(x, self.scale.shape, self.scale, self.shift, self.eps)
