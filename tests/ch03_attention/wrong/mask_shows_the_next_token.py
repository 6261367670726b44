"""Is off by one (diagonal=2), so that every query sees the token it should predict.

exercise: causal_attention_weights
rejected by: test_visible.py::test_causal_weights_by_hand
"""

import torch
from torch import Tensor


def causal_attention_weights(scores: Tensor, d_k: int) -> Tensor:
    T = scores.shape[-1]
    future = torch.ones(T, T, dtype=torch.bool, device=scores.device).triu(diagonal=2)  # (T, T)
    return softmax(scores.masked_fill(future, -torch.inf) / d_k**0.5, dim=-1)
