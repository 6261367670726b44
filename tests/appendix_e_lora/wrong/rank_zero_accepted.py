"""Leaves a rank of 0 to fail with whatever error comes first.

exercise: LoRALayer
rejected by: test_hidden.py::test_a_rank_below_1_is_refused
"""

import math

import torch
from torch import nn


class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.A = nn.Parameter(torch.empty(in_dim, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.rank, self.alpha = rank, alpha

    def forward(self, x):
        return self.alpha / self.rank * (x @ self.A @ self.B)
