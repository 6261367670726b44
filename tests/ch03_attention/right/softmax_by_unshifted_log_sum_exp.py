"""Adds the maximum back to the log of the sum, as textbooks write logsumexp.

exercise: softmax
"""

import torch


def softmax(x, dim):
    top = x.amax(dim, keepdim=True)
    return torch.exp(x - (top + torch.log(torch.exp(x - top).sum(dim, keepdim=True))))
