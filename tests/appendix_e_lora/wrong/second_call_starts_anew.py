"""Puts new LoRALayers in the place of the old ones, and forgets what they had learned.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_replacing_twice_does_not_nest
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for parameter in model.parameters():
        parameter.requires_grad = False
    _walk(model, rank, alpha)


def _walk(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, (nn.Linear, LinearWithLoRA)):
            linear = getattr(child, "linear", child)
            setattr(model, name, LinearWithLoRA(linear, rank, alpha))
        else:
            _walk(child, rank, alpha)
