"""Tells parameters apart by their address, and on the meta device, without one, by identity.

exercise: count_parameters
"""

from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if not unique:
        return sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
    by_place = {id(p) if p.is_meta else p.data_ptr(): p for p in model.parameters()}
    return sum(p.numel() for p in by_place.values())
