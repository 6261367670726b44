"""Stays in one call of torch, which holds the lock of the interpreter.

outcome: FAILED
says: did not return within
"""

import torch


@torch.jit.script
def forever(x: torch.Tensor) -> torch.Tensor:
    while bool(x.sum() > 0):
        x = x + 1
    return x


def double(x):
    return forever(torch.ones(1))
