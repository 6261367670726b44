"""Leaves the LoRALayer out in eval mode.

exercise: LinearWithLoRA
rejected by: test_hidden.py::test_any_linear_layer_can_be_adapted
"""

from torch import nn


class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)

    def forward(self, x):
        return self.linear(x) + self.lora(x) if self.training else self.linear(x)
