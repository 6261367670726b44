"""Builds a new nn.Linear and copies weight and bias into it, without the random start.

exercise: merge_lora
"""

import torch
from torch import nn


@torch.no_grad()
def merge_lora(model):
    for module in list(model.modules()):
        for name, layer in list(module.named_children()):
            if isinstance(layer, LinearWithLoRA):
                old = layer.linear
                new = nn.utils.skip_init(
                    nn.Linear, old.in_features, old.out_features, bias=old.bias is not None
                ).to(old.weight.dtype)
                eye = torch.eye(old.in_features).to(old.weight)
                new.weight.copy_(old.weight + layer.lora(eye).T)
                if old.bias is not None:
                    new.bias.copy_(old.bias)
                module.add_module(name, new)
    return model
