"""Masks after the softmax and renormalises: a large score of a later key first takes all the
weight, and what is left for the others is 0 / 0.

exercise: causal_attention_weights
rejected by: test_hidden.py::test_causal_weights_ignore_the_future
"""

import torch
from torch import Tensor


def causal_attention_weights(scores: Tensor, d_k: int) -> Tensor:
    T = scores.shape[-1]
    future = torch.ones(T, T, dtype=torch.bool, device=scores.device).triu(diagonal=1)  # (T, T)
    weights = softmax(scores / d_k**0.5, dim=-1).masked_fill(future, 0.0)
    return weights / weights.sum(dim=-1, keepdim=True)
