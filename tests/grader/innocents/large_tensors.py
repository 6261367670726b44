"""Uses a few hundred megabytes, or some at every call."""

import torch


def double(x):
    big = torch.zeros(5_000_000)
    return x + x + int(big[0].item())


def quadruple(x):
    grid = torch.ones(3000, 3000)
    return 4 * x + 0 * int((grid @ grid[:, :10]).sum().item() * 0)


def gelu(x):
    y = x.expand(1_000_000, *x.shape)
    return (0.5 * y * (1 + torch.erf(y[0] / 2**0.5)))[-1].clone()
