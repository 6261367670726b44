"""Has x squared where the formula has x cubed; for positive x the two are easily mixed up.

exercise: GELU
rejected by: test_visible.py::test_gelu_of_worked_values
"""

import math

import torch
from torch import Tensor, nn


class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**2)))
