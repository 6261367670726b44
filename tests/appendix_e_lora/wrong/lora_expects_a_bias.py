"""Reads the bias of the layer, which may have none.

exercise: LinearWithLoRA
rejected by: test_hidden.py::test_any_linear_layer_can_be_adapted
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
        return x @ self.linear.weight.T + self.linear.bias + self.lora(x)
