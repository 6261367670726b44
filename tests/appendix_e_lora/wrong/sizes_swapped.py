"""Swaps the sizes in and out, as they stand in the shape of the weight.

exercise: LinearWithLoRA
rejected by: test_visible.py::test_at_first_the_layer_computes_what_it_did
"""

import copy

import torch
from torch import nn


class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear
        self.lora = LoRALayer(*linear.weight.shape, rank, alpha)

    def forward(self, x):
        return self.linear(x) + self.lora(x)
