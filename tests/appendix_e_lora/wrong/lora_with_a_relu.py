"""Puts a ReLU between A and B, after which no product of A and B can be merged.

exercise: LoRALayer
rejected by: test_hidden.py::test_lora_of_any_shape
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
        return self.alpha / self.rank * (torch.relu(x @ self.A) @ self.B)
