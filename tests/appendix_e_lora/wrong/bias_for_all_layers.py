"""Gives every merged layer a bias of its own, where some had none.

exercise: merge_lora
rejected by: test_hidden.py::test_a_merged_gpt_computes_the_same
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
                weight, bias = linear.weight + scale * (lora.A @ lora.B).T, linear.bias
                linear = nn.Linear(linear.in_features, linear.out_features)
                linear.weight.copy_(weight)
                linear.bias.copy_(torch.zeros_like(linear.bias) if bias is None else bias)
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model
