"""Multiplies by alpha alone, as the book prints it, so that another rank needs another alpha.

exercise: LoRALayer
rejected by: test_visible.py::test_lora_by_hand
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

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)
