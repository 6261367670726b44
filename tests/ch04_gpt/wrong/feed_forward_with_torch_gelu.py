"""Uses nn.GELU instead of the GELU that you have built.

exercise: FeedForward
rejected by: test_visible.py::test_feed_forward_is_written_from_scratch
"""

from typing import Any

from torch import Tensor, nn


class FeedForward(nn.Module):
    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        C = cfg["emb_dim"]
        self.layers = nn.Sequential(
            nn.Linear(C, 4 * C), nn.GELU(approximate="tanh"), nn.Linear(4 * C, C)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # (..., 4C) inside, (..., C) out
