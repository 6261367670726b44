"""Divides the caller's scores in place.

exercise: causal_attention_weights
rejected by: test_hidden.py::test_causal_weights_leave_the_scores_alone
"""

import torch
from torch import Tensor


def causal_attention_weights(scores: Tensor, d_k: int) -> Tensor:
    T = scores.shape[-1]
    future = torch.ones(T, T, dtype=torch.bool, device=scores.device).triu(diagonal=1)  # (T, T)
    with torch.no_grad():
        scores /= d_k**0.5
    return softmax(scores.masked_fill(future, -torch.inf), dim=-1)
