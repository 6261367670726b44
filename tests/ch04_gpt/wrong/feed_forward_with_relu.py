"""Has a ReLU between the layers, as the first transformer had; GPT-2 has GELU.

exercise: FeedForward
rejected by: test_visible.py::test_feed_forward_is_written_from_scratch
"""

from typing import Any

from torch import Tensor, nn


class FeedForward(nn.Module):
    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        C = cfg["emb_dim"]
        self.layers = nn.Sequential(nn.Linear(C, 4 * C), nn.ReLU(), nn.Linear(4 * C, C))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # (..., 4C) inside, (..., C) out
