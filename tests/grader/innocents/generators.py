"""Computes with generators, iterators and coroutines."""

import itertools

import torch


def _forever(x):
    while True:
        yield x


def double(x):
    return sum(itertools.islice(_forever(x), 1, 2), start=x)


def quadruple(x):
    def running():
        total = 0
        while True:
            total = total + (yield total)

    machine = running()
    next(machine)
    for _ in range(4):
        found = machine.send(x)
    return found


def gelu(x):
    return torch.stack([0.5 * v * (1 + torch.erf(v / 2**0.5)) for v in x])
