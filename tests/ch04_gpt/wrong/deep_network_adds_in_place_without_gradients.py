"""Adds in place, and so changes x, where no gradients are recorded.

exercise: DeepNetwork
rejected by: test_hidden.py::test_deep_network_leaves_its_input
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class DeepNetwork(nn.Module):
    def __init__(self, layer_sizes: Sequence[int], use_shortcut: bool) -> None:
        super().__init__()
        self.use_shortcut = use_shortcut
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(n_in, n_out), GELU())
            for n_in, n_out in itertools.pairwise(layer_sizes)
        )

    def forward(self, x: Tensor) -> Tensor:
        add = torch.add if torch.is_grad_enabled() else Tensor.add_
        for layer in self.layers:
            out = layer(x)
            x = add(x, out) if self.use_shortcut and x.shape == out.shape else out
        return x
