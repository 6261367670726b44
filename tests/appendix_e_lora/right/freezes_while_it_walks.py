"""Freezes the parameters of each module as it passes by, in one recursion.

exercise: replace_linear_with_lora
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for parameter in model.parameters(recurse=False):
        parameter.requires_grad = False
    for name, child in list(model.named_children()):
        if isinstance(child, LoRALayer):
            continue
        if isinstance(child, nn.Linear) and not isinstance(model, LinearWithLoRA):
            child.requires_grad_(False)
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        else:
            replace_linear_with_lora(child, rank, alpha)
