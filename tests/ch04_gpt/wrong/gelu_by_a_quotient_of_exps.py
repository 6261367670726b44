"""Writes tanh as a quotient of exps, which is inf / inf = nan for large values.

exercise: GELU
rejected by: test_hidden.py::test_gelu_far_from_zero
"""

import math

import torch
from torch import Tensor, nn


class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        u = torch.exp(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
        return 0.5 * x * (1 + (u - 1) / (u + 1))
