"""Calls torch's scaled_dot_product_attention for the context.

exercise: simple_attention
rejected by: test_visible.py::test_simple_attention_is_written_from_scratch
"""

from torch import Tensor
from torch.nn import functional as F


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = x @ x.T  # (T, T)
    weights = softmax(scores, dim=-1)
    context = F.scaled_dot_product_attention(x[None], x[None], x[None], scale=1.0)[0]
    return context, weights  # (T, d), (T, T)
