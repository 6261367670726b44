"""Returns the weights before the context vectors.

exercise: simple_attention
rejected by: test_visible.py::test_simple_attention_by_hand
"""

from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = x @ x.T  # (T, T)
    weights = softmax(scores, dim=-1)
    return weights, weights @ x  # (T, d), (T, T)
