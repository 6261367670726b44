"""Treats the tanh factor as a constant: right values, wrong gradients.

exercise: GELU
rejected by: test_hidden.py::test_gelu_passes_gradients
"""

import math

import torch
from torch import Tensor, nn


class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        gate = 1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
        return 0.5 * x * gate.detach()
