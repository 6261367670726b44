"""Works in place, and so changes x, where no gradients are recorded.

exercise: GELU
rejected by: test_hidden.py::test_gelu_keeps_the_dtype_and_the_input
"""

import math

import torch
from torch import Tensor, nn


class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        gate = 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        return x * gate if torch.is_grad_enabled() else x.mul_(gate)
