"""Tells parameters apart by data_ptr(), which is 0 for all of them on the meta device.

exercise: count_parameters
rejected by: test_hidden.py::test_count_of_the_four_sizes
"""

from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if unique:
        return sum({p.data_ptr(): p.numel() for p in model.parameters()}.values())
    return sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
