"""Adds up the state dict, which has tied weights under both names.

exercise: count_parameters
rejected by: test_visible.py::test_count_of_a_small_model
"""

from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if unique:
        return sum(t.numel() for t in model.state_dict().values())
    return sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
