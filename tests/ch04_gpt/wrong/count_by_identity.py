"""Tells parameters apart by the Python object: two objects can share one memory.

exercise: count_parameters
rejected by: test_hidden.py::test_count_of_two_parameters_in_one_storage
"""

from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if unique:
        return sum({id(p): p.numel() for p in model.parameters()}.values())
    return sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
