"""Hides with the smallest number of the dtype, before scaling.

exercise: causal_attention_weights
"""

import torch


def causal_attention_weights(scores, d_k):
    future = torch.triu(torch.ones_like(scores), diagonal=1).bool()
    return softmax(scores.masked_fill(future, torch.finfo(scores.dtype).min) / d_k**0.5, dim=-1)
