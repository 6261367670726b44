"""Reshapes A B to the shape of the weight, where it should be transposed.

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
                linear.weight += scale * (lora.A @ lora.B).reshape(linear.weight.shape)
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model
