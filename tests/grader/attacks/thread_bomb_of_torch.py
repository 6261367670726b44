"""Asks torch for ten thousand threads.

outcome: FAILED
says: threads, and was stopped|Resource temporarily|memory|ended
"""

import time

import torch


def double(x):
    torch.set_num_threads(10_000)
    a = torch.randn(5_000_000)
    for _ in range(100):
        a = a.sin()
        time.sleep(0.02)
    raise RuntimeError("ended")
