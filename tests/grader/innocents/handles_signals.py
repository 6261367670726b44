"""Handles signals that it sends to itself, and a timer."""

import signal
import time

import torch

SEEN = []
signal.signal(signal.SIGUSR1, lambda *args: SEEN.append(args))
signal.signal(signal.SIGALRM, lambda *args: SEEN.append(args))


def double(x):
    before = len(SEEN)
    signal.raise_signal(signal.SIGUSR1)
    assert len(SEEN) == before + 1
    return x + x


def quadruple(x):
    before = len(SEEN)
    signal.setitimer(signal.ITIMER_REAL, 0.005)
    while len(SEEN) == before:
        time.sleep(0.001)
    return 4 * x


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
