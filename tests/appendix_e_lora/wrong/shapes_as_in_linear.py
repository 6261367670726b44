"""Stores A and B transposed, as nn.Linear stores its weight.

exercise: LoRALayer
rejected by: test_visible.py::test_lora_starts_with_random_a_and_zero_b
"""

import math

import torch
from torch import nn


class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank must be at least 1, got {rank}")
        self.A = nn.Parameter(torch.empty(rank, in_dim))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.B = nn.Parameter(torch.zeros(out_dim, rank))
        self.scaling = alpha / rank

    def forward(self, x):
        return self.scaling * (x @ self.A.T @ self.B.T)
