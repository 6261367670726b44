"""Adds the input before GELU, so that the shortcut is squeezed through it too.

exercise: DeepNetwork
rejected by: test_hidden.py::test_deep_network_follows_its_formula
"""

import itertools

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
        for layer in self.layers:
            out = layer[0](x)
            x = layer[1](x + out if self.use_shortcut and x.shape == out.shape else out)
        return x
