"""Starts A with standard normal numbers, however many of them are summed.

exercise: LoRALayer
rejected by: test_hidden.py::test_a_starts_as_kaiming_says
"""

import math

import torch
from torch import nn


class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank must be at least 1, got {rank}")
        self.A = nn.Parameter(torch.empty(in_dim, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.rank, self.alpha = rank, alpha
        nn.init.normal_(self.A)

    def forward(self, x):
        return self.alpha / self.rank * (x @ self.A @ self.B)
