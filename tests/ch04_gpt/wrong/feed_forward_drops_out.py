"""Ends in a dropout of its own, on top of the block's drop_resid.

exercise: FeedForward
rejected by: test_hidden.py::test_feed_forward_does_not_drop_out
"""

from typing import Any

from torch import Tensor, nn


class FeedForward(nn.Module):
    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        C = cfg["emb_dim"]
        self.layers = nn.Sequential(
            nn.Linear(C, 4 * C), GELU(), nn.Linear(4 * C, C), nn.Dropout(cfg.get("drop_rate", 0.0))
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # (..., 4C) inside, (..., C) out
