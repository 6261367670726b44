"""Multiplies in place and so changes its caller's tensor.

exercise: GELU
rejected by: test_hidden.py::test_gelu_keeps_the_dtype_and_the_input
"""

import math

import torch
from torch import Tensor, nn


class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mul_(0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
