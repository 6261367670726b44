"""Lets torch compute the mean.

exercise: mean_score
"""

import torch


def mean_score(scores):
    found = torch.tensor([0.0 if s is None else float(s) for s in scores], dtype=torch.float64)
    return found.mean().item()
