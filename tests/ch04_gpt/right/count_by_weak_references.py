"""Tells memories apart with torch's own weak references to storages.

exercise: count_parameters
"""

import torch


def count_parameters(model, unique=True):
    from torch.multiprocessing.reductions import StorageWeakRef

    every = [p for _, p in model.named_parameters(remove_duplicate=False)]
    if not unique:
        return sum(p.numel() for p in every)
    return sum({StorageWeakRef(p.untyped_storage()): p.numel() for p in every}.values())
