"""Has no eps: a vector whose values are all equal divides zero by zero.

exercise: LayerNorm
rejected by: test_hidden.py::test_norm_of_equal_values_is_the_shift
"""

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.eps = 0.0
        self.scale = nn.Parameter(torch.ones(emb_dim))  # (C,)
        self.shift = nn.Parameter(torch.zeros(emb_dim))  # (C,)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=-1, keepdim=True)  # (..., 1)
        var = x.var(dim=-1, keepdim=True, unbiased=False)  # (..., 1)
        return self.scale * (x - mean) / torch.sqrt(var + self.eps) + self.shift  # (..., C)
