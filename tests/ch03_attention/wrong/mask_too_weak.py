"""Hides later keys with a score of -100, which a row of very negative scores, or a large one,
overcomes.

exercise: causal_attention_weights
rejected by: test_hidden.py::test_causal_weights_ignore_the_future
"""

import torch
from torch import Tensor


def causal_attention_weights(scores: Tensor, d_k: int) -> Tensor:
    T = scores.shape[-1]
    future = torch.ones(T, T, dtype=torch.bool, device=scores.device).triu(diagonal=1)  # (T, T)
    return softmax((scores - 100.0 * future) / d_k**0.5, dim=-1)
