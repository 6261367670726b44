"""Keeps its settings in context variables and locals of threads."""

import contextlib
import contextvars
import threading

import torch

factor = contextvars.ContextVar("factor", default=2)
local = threading.local()


@contextlib.contextmanager
def using(value):
    token = factor.set(value)
    try:
        yield
    finally:
        factor.reset(token)


def double(x):
    local.last = x
    return factor.get() * local.last


def quadruple(x):
    with using(4):
        return contextvars.copy_context().run(double, x)


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
