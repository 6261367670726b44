"""Sets the frozen weights to zero, so that only the LoRALayers are left to compute.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_replacing_keeps_every_weight
"""

import torch
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
            nn.init.zeros_(child.weight)
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        else:
            _walk(child, rank, alpha)
