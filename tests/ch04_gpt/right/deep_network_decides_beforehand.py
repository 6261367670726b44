"""Decides from the sizes, while it is built, which layers have a shortcut, and multiplies it by 0
or 1.

exercise: DeepNetwork
"""

import torch
from torch import nn


class DeepNetwork(nn.Module):
    def __init__(self, layer_sizes, use_shortcut):
        super().__init__()
        self.layers = nn.ModuleList()
        self.keeps = []
        for i in range(len(layer_sizes) - 1):
            self.layers.append(nn.Sequential(nn.Linear(layer_sizes[i], layer_sizes[i + 1]), GELU()))
            self.keeps.append(bool(use_shortcut) and layer_sizes[i] == layer_sizes[i + 1])

    def forward(self, x):
        for layer, keep in zip(self.layers, self.keeps):
            x = torch.stack((x, layer(x))).sum(dim=0) if keep else layer(x)
        return x
