"""Multiplies by the weight alone and forgets the bias.

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
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)

    def forward(self, x):
        return x @ self.linear.weight.T + self.lora(x)
