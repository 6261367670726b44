"""Takes the softmax over the queries (dim=0), so that the columns sum to 1 and not the rows.

exercise: simple_attention
rejected by: test_visible.py::test_simple_attention_on_the_books_sentence
"""

from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = x @ x.T  # (T, T)
    weights = softmax(scores, dim=0)
    return weights @ x, weights  # (T, d), (T, T)
