"""Divides the scores by the root of d, which comes only with learned projections.

exercise: simple_attention
rejected by: test_visible.py::test_simple_attention_by_hand
"""

from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = x @ x.T / x.shape[-1] ** 0.5  # (T, T)
    weights = softmax(scores, dim=-1)
    return weights @ x, weights  # (T, d), (T, T)
