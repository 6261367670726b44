"""Freezes the As and Bs that are there already, so that after a second call nothing is trained.

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
        if isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        elif not isinstance(child, LinearWithLoRA):
            _walk(child, rank, alpha)
