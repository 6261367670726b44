"""Uses weak references, finalizers and the collector."""

import gc
import weakref

import torch


class Box:
    def __init__(self, value):
        self.value = value
        self.me = self


def double(x):
    box = Box(x)
    seen = weakref.ref(box)
    weakref.finalize(box, print, "gone")
    value = seen().value
    del box
    gc.collect()
    assert seen() is None
    return value + value


def quadruple(x):
    return double(double(x))


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
