"""Takes memory without end, by torch.

outcome: FAILED
says: memory|MiB of memory|SIGKILL
"""

import torch


def double(x):
    kept = []
    while True:
        kept.append(torch.ones(50 << 18))
