"""Recurses 500 deep, and in comprehensions."""

import torch


def _add(x, times):
    return x * 0 if times == 0 else x / 500 + _add(x, times - 1)


def double(x):
    return 2 * _count(x, 500)


def _count(x, depth):
    return x if depth == 0 else _count(x, depth - 1)


def quadruple(x):
    return double(double(x))


def gelu(x):
    return 0.5 * _count(x, 500) * (1 + torch.erf(x / 2**0.5))
