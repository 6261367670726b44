"""Collects the trainable parameters in a dict by identity, and multiplies their shapes out.

exercise: trainable_parameters
"""

import math


def trainable_parameters(model):
    total, seen = 0, set()
    for module in model.modules():
        for parameter in module._parameters.values():
            if parameter is None or id(parameter) in seen or not parameter.requires_grad:
                continue
            seen.add(id(parameter))
            total += math.prod(parameter.shape)
    return total
