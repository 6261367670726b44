"""Takes exp without the shift by the maximum, which overflows for large scores.

exercise: causal_attention_weights
rejected by: test_hidden.py::test_causal_weights_of_large_scores
"""

import torch
from torch import Tensor


def causal_attention_weights(scores: Tensor, d_k: int) -> Tensor:
    T = scores.shape[-1]
    future = torch.ones(T, T, dtype=torch.bool, device=scores.device).triu(diagonal=1)  # (T, T)
    powers = torch.exp(scores / d_k**0.5).masked_fill(future, 0.0)
    return powers / powers.sum(dim=-1, keepdim=True)
