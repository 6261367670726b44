"""Divides the scores by their sum, which gives negative weights for negative scores.

exercise: simple_attention
rejected by: test_visible.py::test_simple_attention_by_hand
"""

from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = x @ x.T  # (T, T)
    weights = scores / scores.sum(dim=-1, keepdim=True)
    return weights @ x, weights  # (T, d), (T, T)
