"""Counts a layer that is used twice once, also for unique=False.

exercise: count_parameters
rejected by: test_hidden.py::test_count_of_a_layer_that_is_used_twice
"""

from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if unique:
        return sum(p.numel() for p in _distinct_parameters(model))
    return sum(p.numel() for m in model.modules() for p in m.parameters(recurse=False))
