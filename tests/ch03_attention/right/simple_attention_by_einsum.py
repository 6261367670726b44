"""Uses einsum throughout, with the softmax built before.

exercise: simple_attention
"""

import torch


def simple_attention(x):
    weights = softmax(torch.einsum("id,jd->ij", x, x), 1)
    return tuple([torch.einsum("ij,jd->id", weights, x), weights])
