"""Walks through the modules and their own parameters, and keeps a list of storages.

exercise: count_parameters
"""

import math


def count_parameters(model, unique=True):
    total, seen = 0, []
    for _, module in model.named_modules(remove_duplicate=False):
        for parameter in module._parameters.values():
            if parameter is None:
                continue
            storage = parameter.untyped_storage()
            if not unique or all(storage._cdata != other._cdata for other in seen):
                total += math.prod(parameter.shape)
                seen.append(storage)
    return total
