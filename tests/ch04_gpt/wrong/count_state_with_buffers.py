"""Counts the state dict, with its buffers, for unique=False.

exercise: count_parameters
rejected by: test_hidden.py::test_count_of_a_layer_that_is_used_twice
"""

from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if unique:
        return sum(p.numel() for p in _distinct_parameters(model))
    return sum(value.numel() for value in model.state_dict().values())
