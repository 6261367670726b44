"""Widens to twice emb_dim instead of four times.

exercise: FeedForward
rejected by: test_hidden.py::test_feed_forward_has_two_layers_with_bias
"""

from typing import Any

from torch import Tensor, nn


class FeedForward(nn.Module):
    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        C = cfg["emb_dim"]
        self.layers = nn.Sequential(nn.Linear(C, 2 * C), GELU(), nn.Linear(2 * C, C))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # (..., 4C) inside, (..., C) out
