"""Returns the tokens themselves as their context vectors.

exercise: simple_attention
rejected by: test_visible.py::test_simple_attention_on_the_books_sentence
"""

from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = x @ x.T  # (T, T)
    weights = softmax(scores, dim=-1)
    return x, weights  # (T, d), (T, T)
