"""Detaches what the frozen layer gives, which cuts off every LoRALayer below it.

exercise: LinearWithLoRA
rejected by: test_hidden.py::test_both_paths_pass_gradients_on
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
        return self.linear(x).detach() + self.lora(x)
