"""Hides later tokens already here, where every token sees all.

exercise: simple_attention
rejected by: test_hidden.py::test_simple_attention_knows_no_order
"""

import torch
from torch import Tensor


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    scores = (x @ x.T).masked_fill(torch.ones(len(x), len(x)).triu(1) > 0, -torch.inf)  # (T, T)
    weights = softmax(scores, dim=-1)
    return weights @ x, weights  # (T, d), (T, T)
