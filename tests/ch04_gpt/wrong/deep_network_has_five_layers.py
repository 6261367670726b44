"""Always builds the book's five layers, however many sizes it gets.

exercise: DeepNetwork
rejected by: test_visible.py::test_deep_network_of_a_worked_example
"""

from torch import Tensor, nn


class DeepNetwork(nn.Module):
    def __init__(self, layer_sizes: Sequence[int], use_shortcut: bool) -> None:
        super().__init__()
        self.use_shortcut = use_shortcut
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(n_in, n_out), GELU())
            for n_in, n_out in [
                (
                    layer_sizes[min(i, len(layer_sizes) - 2)],
                    layer_sizes[min(i + 1, len(layer_sizes) - 1)],
                )
                for i in range(5)
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            out = layer(x)  # (B, layer_sizes[i + 1])
            x = x + out if self.use_shortcut and x.shape == out.shape else out
        return x
