"""Adapts a copy and returns it, while the caller's model stays as it was.

exercise: replace_linear_with_lora
rejected by: test_visible.py::test_every_linear_layer_of_a_gpt_is_replaced
"""

import copy

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    model = copy.deepcopy(model)
    for parameter in model.parameters():
        parameter.requires_grad = False
    _walk(model, rank, alpha)
    return model


def _walk(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            child.lora.requires_grad_(True)
        elif isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        else:
            _walk(child, rank, alpha)
