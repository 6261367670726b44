"""Counts its calls in globals and changes them."""

import torch

calls = 0
settings = {"factor": 1}


def double(x):
    global calls
    calls += 1
    settings["factor"] = 2
    return settings["factor"] * x


def quadruple(x):
    globals().update(calls=calls + 1)
    return double(x) + double(x)


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
