"""Makes a new layer with the merged weight and a new, random bias.

exercise: merge_lora
rejected by: test_visible.py::test_merged_weights_by_hand
"""

import copy

import torch
from torch import nn


def merge_lora(model):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            linear, lora = copy.deepcopy(child.linear), child.lora
            scale = lora.scaling
            with torch.no_grad():
                weight = linear.weight + scale * (lora.A @ lora.B).T
                linear = nn.Linear(linear.in_features, linear.out_features, linear.bias is not None)
                linear.weight.copy_(weight)
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model
