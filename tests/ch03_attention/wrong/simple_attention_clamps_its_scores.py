"""Cuts scores off at 80, so that larger ones weigh the same.

exercise: simple_attention
rejected by: test_hidden.py::test_simple_attention_of_large_tokens
"""

from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = (x @ x.T).clamp(-80, 80)  # (T, T)
    weights = softmax(scores, dim=1)
    return weights @ x, weights  # (T, d), (T, T)
