"""Registers its functions through decorators, a metaclass and descriptors."""

import functools
import inspect

import torch

REGISTRY = {}


def registered(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        bound = inspect.signature(function).bind(*args, **kwargs)
        return function(*bound.args, **bound.kwargs)

    REGISTRY[function.__name__] = wrapper
    return wrapper


class Meta(type):
    def __call__(cls, x):
        return cls.compute(x)


class quadruple(metaclass=Meta):
    @staticmethod
    def compute(x):
        return REGISTRY["double"](REGISTRY["double"](x))


@registered
def double(x):
    return x + x


@registered
def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
