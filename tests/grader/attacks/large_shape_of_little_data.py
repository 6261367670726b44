"""Answers with a tensor of 10^14 values that has one in memory.

outcome: FAILED
says: larger than|cannot be read
"""

import torch


def double(x):
    return torch.zeros(1).expand(10**7, 10**7)
