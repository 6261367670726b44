"""Uses a softmax without the shift by the maximum, which overflows for large tokens.

exercise: simple_attention
rejected by: test_hidden.py::test_simple_attention_of_large_tokens
"""

from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = x @ x.T  # (T, T)
    weights = scores.exp() / scores.exp().sum(dim=-1, keepdim=True)
    return weights @ x, weights  # (T, d), (T, T)
