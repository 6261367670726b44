"""Leaves the biases of its layers out, as if qkv_bias were about them.

exercise: FeedForward
rejected by: test_hidden.py::test_feed_forward_has_two_layers_with_bias
"""

from typing import Any

from torch import Tensor, nn


class FeedForward(nn.Module):
    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        C = cfg["emb_dim"]
        self.layers = nn.Sequential(
            nn.Linear(C, 4 * C, bias=False), GELU(), nn.Linear(4 * C, C, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # (..., 4C) inside, (..., C) out
