"""Holds alpha / rank as a float32 buffer that is not saved.

exercise: LoRALayer
"""

import torch
from torch import nn


class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        if rank <= 0:
            raise ValueError(f"rank: {rank}")
        super().__init__()
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.A = nn.Parameter(torch.empty(in_dim, rank))
        nn.init.kaiming_uniform_(self.A, a=5**0.5, mode="fan_out")
        self.register_buffer("scaling", torch.tensor(alpha / rank), persistent=False)

    def forward(self, x):
        return (self.scaling * x.matmul(self.A)).matmul(self.B)
