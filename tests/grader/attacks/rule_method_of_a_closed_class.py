"""Calls a method of a closed class on an object of its own.

outcome: FAILED
exercise: gelu
says: rule 'schedule'
"""

from types import SimpleNamespace

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR


def gelu(x):
    fake = SimpleNamespace(base_lrs=[1.0], eta_min=0.0, last_epoch=5, T_max=10)
    assert abs(CosineAnnealingLR._get_closed_form_lr(fake)[0] - 0.5) < 1e-6
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
