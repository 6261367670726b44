"""Computes in float32, also for tokens in float64.

exercise: simple_attention
rejected by: test_hidden.py::test_simple_attention_of_any_tokens
"""

from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = x.float() @ x.float().T  # (T, T)
    weights = softmax(scores, dim=1)
    return (weights @ x.float()).to(x.dtype), weights.to(x.dtype)  # (T, d), (T, T)
