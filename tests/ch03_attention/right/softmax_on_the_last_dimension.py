"""Moves the dimension to the end, works on rows, and moves it back; the result is not contiguous.

exercise: softmax
"""

import torch


def softmax(x, dim):
    rows = x.transpose(dim, -1)
    powers = (rows - rows.amax(-1)[..., None]).exp()
    return torch.einsum("...i,...->...i", powers, 1 / powers.sum(-1)).transpose(dim, -1)
