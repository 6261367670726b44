"""Counts whole storages, also where a parameter is a part of one.

exercise: count_parameters
rejected by: test_hidden.py::test_count_of_a_layer_that_is_used_twice
"""

from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if not unique:
        return sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
    stores = {p.untyped_storage()._cdata: p for p in model.parameters()}
    return sum(p.untyped_storage().nbytes() // p.element_size() for p in stores.values())
