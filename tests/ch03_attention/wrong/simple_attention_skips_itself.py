"""Gives a token no weight for itself.

exercise: simple_attention
rejected by: test_visible.py::test_simple_attention_on_the_books_sentence
"""

from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = (x @ x.T).fill_diagonal_(-100.0)  # (T, T)
    weights = softmax(scores, dim=-1)
    return weights @ x, weights  # (T, d), (T, T)
