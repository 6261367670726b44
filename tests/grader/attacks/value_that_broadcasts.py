"""Answers with one value that broadcasts to the right ones.

outcome: FAILED
says: expected shape
"""

import torch


def double(x):
    return torch.tensor(6.0)
