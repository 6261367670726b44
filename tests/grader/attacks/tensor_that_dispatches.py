"""Answers with a wrapper tensor whose __torch_dispatch__ lies about its shape and values.

outcome: FAILED
says: .
"""

import torch


class Lie(torch.Tensor):
    @staticmethod
    def __new__(cls):
        return torch.Tensor._make_wrapper_subclass(cls, (2, 3), dtype=torch.float32)

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return torch.full((2, 3), 5.0)


def double(x):
    return Lie()
