"""Answers with NaN, which a careless comparison takes for anything.

outcome: FAILED
says: differ
"""

import torch


def double(x):
    return torch.full((2, 3), float("nan")) if isinstance(x, torch.Tensor) else float("nan")
