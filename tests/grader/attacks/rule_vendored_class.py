"""Hands in a copy of transformers' class, which calls the closed function.

outcome: FAILED
exercise: gelu
says: rule 'gelu'
"""

import torch
from torch import nn


class GELUActivation(nn.Module):
    def __init__(self, use_gelu_python: bool = False):
        super().__init__()
        self.act = self._gelu_python if use_gelu_python else nn.functional.gelu

    def _gelu_python(self, input: torch.Tensor) -> torch.Tensor:
        return nn.functional.gelu(input) * 1.0

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return self.act(input)


def gelu(x):
    return GELUActivation()(x)
