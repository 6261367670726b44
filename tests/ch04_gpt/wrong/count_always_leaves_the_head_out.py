"""Subtracts the output head, tied or not.

exercise: count_parameters
rejected by: test_visible.py::test_count_of_a_small_model
"""

from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if unique:
        return sum(p.numel() for p in model.parameters()) - model.out_head.weight.numel()
    return sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
