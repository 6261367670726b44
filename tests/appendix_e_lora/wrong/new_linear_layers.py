"""Puts new linear layers in the place of the old ones, whose weights are lost.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_replacing_keeps_every_weight
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for parameter in model.parameters():
        parameter.requires_grad = False
    _walk(model, rank, alpha)


def _walk(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            child.lora.requires_grad_(True)
        elif isinstance(child, nn.Linear):
            new = nn.Linear(child.in_features, child.out_features, child.bias is not None)
            new.requires_grad_(False)
            setattr(model, name, LinearWithLoRA(new, rank, alpha))
        else:
            _walk(child, rank, alpha)
