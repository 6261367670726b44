"""Adds the shortcut itself, which the block then adds a second time.

exercise: FeedForward
rejected by: test_hidden.py::test_feed_forward_follows_its_formula
"""

from typing import Any

from torch import Tensor, nn


class FeedForward(nn.Module):
    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        C = cfg["emb_dim"]
        self.layers = nn.Sequential(nn.Linear(C, 4 * C), GELU(), nn.Linear(4 * C, C))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)
