"""Answers with a tensor subclass whose __torch_function__ makes every comparison true.

outcome: FAILED
says: values differ
"""

import torch


class Lie(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function.__name__ in ("allclose", "equal", "__eq__", "eq", "isclose"):
            return True
        return super().__torch_function__(function, types, args, kwargs or {})


def double(x):
    return torch.full((2, 3), 5.0).as_subclass(Lie)
