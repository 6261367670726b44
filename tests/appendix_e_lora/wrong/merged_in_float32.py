"""Gives every merged layer float32, whatever the model was.

exercise: merge_lora
rejected by: test_hidden.py::test_merging_some_layers_leaves_the_others_alone
"""

import torch
from torch import nn


def merge_lora(model):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            old = child.linear
            linear = nn.Linear(old.in_features, old.out_features, bias=old.bias is not None)
            with torch.no_grad():
                change = child.lora.scaling * (child.lora.A @ child.lora.B).T
                linear.weight.copy_(old.weight + change)
                if old.bias is not None:
                    linear.bias.copy_(old.bias)
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model
