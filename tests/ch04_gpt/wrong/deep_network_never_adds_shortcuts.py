"""Ignores use_shortcut.

exercise: DeepNetwork
rejected by: test_visible.py::test_deep_network_of_a_worked_example
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
            out = layer(x)  # (B, layer_sizes[i + 1])
            x = out
        return x
