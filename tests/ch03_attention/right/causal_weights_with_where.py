"""Compares positions instead of building a triangle, and chooses with torch.where.

exercise: causal_attention_weights
"""

import math

import torch


def causal_attention_weights(scores, d_k):
    place = torch.arange(scores.size(-1))
    visible = place[None, :] <= place[:, None]
    return softmax(torch.where(visible, scores / math.sqrt(d_k), float("-inf")), -1)
