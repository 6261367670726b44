"""Asks torch for several threads and computes in them."""

import torch

torch.set_num_threads(4)


def double(x):
    y = torch.randn(400, 400)
    assert torch.isfinite(y @ y).all()
    return x + x


def quadruple(x):
    return 4 * x


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
