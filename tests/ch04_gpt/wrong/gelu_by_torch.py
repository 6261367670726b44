"""Calls torch's own gelu, which this exercise is about building.

exercise: GELU
rejected by: test_visible.py::test_gelu_is_written_from_scratch
"""

from torch import Tensor, nn
from torch.nn import functional


class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return functional.gelu(x, approximate="tanh")
