"""Multiplies A by B first, and keeps the scale in a buffer that is no parameter.

exercise: LoRALayer
"""

import torch
from torch import nn


class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        if rank < 1:
            raise ValueError(f"rank={rank} leaves nothing to train")
        super().__init__()
        self.A = nn.Parameter(torch.randn(in_dim, rank) / rank**0.5)
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.register_buffer(
            "ratio", torch.tensor(alpha / rank, dtype=torch.float64), persistent=False
        )

    @property
    def scaling(self):
        return self.ratio.item()

    def forward(self, x):
        change = torch.mm(self.A, self.B)
        return torch.matmul(x, change).mul(self.scaling)
