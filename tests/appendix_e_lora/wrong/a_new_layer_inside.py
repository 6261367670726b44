"""Makes a new linear layer of the same size: what the old one had learned is lost.

exercise: LinearWithLoRA
rejected by: test_hidden.py::test_the_given_layer_is_kept
"""

import copy

import torch
from torch import nn


class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = nn.Linear(linear.in_features, linear.out_features, linear.bias is not None)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)

    def forward(self, x):
        return self.linear(x) + self.lora(x)
