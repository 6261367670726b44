"""Gives what the linear layer gives, and never asks the LoRALayer.

exercise: LinearWithLoRA
rejected by: test_visible.py::test_the_change_is_added_to_the_layer
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
        return self.linear(x)
