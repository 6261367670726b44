"""Leaves frozen parameters out.

exercise: count_parameters
rejected by: test_hidden.py::test_count_takes_frozen_parameters_and_no_buffers
"""

from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if unique:
        return sum(p.numel() for p in _distinct_parameters(model) if p.requires_grad)
    return sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
