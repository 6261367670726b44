"""Compares directions only (cosine similarity) instead of taking dot products.

exercise: simple_attention
rejected by: test_hidden.py::test_simple_attention_of_any_tokens
"""

from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    unit = x / x.norm(dim=-1, keepdim=True)
    scores = unit @ unit.T  # (T, T)
    weights = softmax(scores, dim=-1)
    return weights @ x, weights  # (T, d), (T, T)
