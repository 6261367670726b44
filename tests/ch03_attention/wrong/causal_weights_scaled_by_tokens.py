"""Divides the scores by the root of T, which is the last dimension of the scores, instead of d_k.

exercise: causal_attention_weights
rejected by: test_hidden.py::test_causal_weights_ignore_the_future
"""

import torch
from torch import Tensor


def causal_attention_weights(scores: Tensor, d_k: int) -> Tensor:
    T = scores.shape[-1]
    future = torch.ones(T, T, dtype=torch.bool, device=scores.device).triu(diagonal=1)  # (T, T)
    return softmax(scores.masked_fill(future, -torch.inf) / T**0.5, dim=-1)
