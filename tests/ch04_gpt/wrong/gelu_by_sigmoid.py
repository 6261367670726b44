"""Uses the rougher approximation x * sigmoid(1.702 x).

exercise: GELU
rejected by: test_visible.py::test_gelu_of_worked_values
"""

import torch
from torch import Tensor, nn


class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)
