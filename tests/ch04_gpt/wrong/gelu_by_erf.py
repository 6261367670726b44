"""Uses the erf form, up to 4.7e-4 apart from the tanh form with which GPT-2 was trained.

exercise: GELU
rejected by: test_hidden.py::test_gelu_equals_torch_for_any_shape
"""

import math

import torch
from torch import Tensor, nn


class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
