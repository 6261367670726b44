"""Remembers results in lru_cache, a dict and a class."""

import functools

import torch

SEEN = {}


@functools.lru_cache(maxsize=None)
def _double(x):
    return 2 * x


def double(x):
    return SEEN.setdefault(x, _double(x)) if isinstance(x, int) else x + x


@functools.singledispatch
def quadruple(x):
    return 4 * x


@quadruple.register
def _(x: int):
    return _double(_double(x))


class Gelu:
    @functools.cached_property
    def root(self):
        return 2**0.5

    def __call__(self, x):
        return 0.5 * x * (1 + torch.erf(x / self.root))


gelu = Gelu()
