"""Answers with memory that nobody has filled, hoping for the expected value.

outcome: FAILED
says: differ
"""

import torch


def double(x):
    return torch.empty(2, 3)
