"""Starts A with Kaiming's normal numbers and multiplies with functional.linear.

exercise: LoRALayer
"""

import torch
from torch import nn


class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        if int(rank) <= 0:
            raise ValueError(f"a LoRALayer of rank {rank}")
        self.register_parameter(
            "A", nn.Parameter(nn.init.kaiming_normal_(torch.empty(in_dim, rank)))
        )
        self.register_parameter("B", nn.Parameter(torch.full((rank, out_dim), 0.0)))
        self.scaling = float(alpha) / rank

    def forward(self, x):
        narrow = nn.functional.linear(x * self.scaling, self.A.t())
        return nn.functional.linear(narrow, self.B.t())
