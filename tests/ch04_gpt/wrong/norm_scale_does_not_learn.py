"""Makes scale and shift parameters that are not trained.

exercise: LayerNorm
rejected by: test_hidden.py::test_norm_starts_as_the_plain_normalisation
"""

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.eps = 1e-5
        self.scale = nn.Parameter(torch.ones(emb_dim), requires_grad=False)  # (C,)
        self.shift = nn.Parameter(torch.zeros(emb_dim), requires_grad=False)  # (C,)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=-1, keepdim=True)  # (..., 1)
        var = x.var(dim=-1, keepdim=True, unbiased=False)  # (..., 1)
        return self.scale * (x - mean) / torch.sqrt(var + self.eps) + self.shift  # (..., C)
