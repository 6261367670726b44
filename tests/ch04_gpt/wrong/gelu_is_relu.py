"""Cuts the negative values off like a ReLU.

exercise: GELU
rejected by: test_visible.py::test_gelu_of_worked_values
"""

from torch import Tensor, nn


class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=0)
