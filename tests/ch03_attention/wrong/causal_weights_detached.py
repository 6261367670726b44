"""Computes on detached scores, so that queries and keys are never trained.

exercise: causal_attention_weights
rejected by: test_hidden.py::test_gradients_of_causal_weights
"""

import torch
from torch import Tensor


def causal_attention_weights(scores: Tensor, d_k: int) -> Tensor:
    T = scores.shape[-1]
    future = torch.ones(T, T, dtype=torch.bool, device=scores.device).triu(diagonal=1)  # (T, T)
    return softmax(scores.detach().masked_fill(future, -torch.inf) / d_k**0.5, dim=-1)
