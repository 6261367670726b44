"""Hands in a copy of transformers' formula: right code, whoever wrote it. Rules see operators.

outcome: PASSED
exercise: gelu
"""

import math

import torch


class GELUActivation(torch.nn.Module):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return input * 0.5 * (1.0 + torch.erf(input / math.sqrt(2.0)))


def gelu(x):
    return GELUActivation()(x)
