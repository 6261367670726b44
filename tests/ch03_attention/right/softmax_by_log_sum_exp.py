"""Shifts, takes the log of the sum of the powers, and exponentiates the difference.

exercise: softmax
"""

import torch


def softmax(x, dim):
    shifted = x - torch.max(x, dim, keepdim=True).values
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()).exp()
