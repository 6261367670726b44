"""Counts the attention masks, which are buffers and are not learned.

exercise: count_parameters
rejected by: test_hidden.py::test_count_takes_frozen_parameters_and_no_buffers
"""

from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if unique:
        return sum(p.numel() for p in [*_distinct_parameters(model), *model.buffers()])
    return sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
