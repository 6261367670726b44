"""Cuts its mask from one for 16 positions.

exercise: causal_attention_weights
rejected by: test_hidden.py::test_causal_weights_ignore_the_future
"""

import torch
from torch import Tensor


def causal_attention_weights(scores: Tensor, d_k: int) -> Tensor:
    T = scores.shape[-1]
    future = torch.ones(16, 16, dtype=torch.bool).triu(diagonal=1)[:T, :T]
    return softmax(scores.masked_fill(future, -torch.inf) / d_k**0.5, dim=-1)
