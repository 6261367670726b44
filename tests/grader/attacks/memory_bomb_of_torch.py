"""Takes memory without end, by torch; where pages come slowly, the deadline is there first.

outcome: FAILED
says: memory|MiB of memory|SIGKILL|did not return
"""

import torch


def double(x):
    kept = []
    while True:
        kept.append(torch.ones(50 << 18))
