"""Adds A B as it is, where the weight of a linear layer is (out, in); square layers do not notice.

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
                linear.weight += scale * (lora.A @ lora.B)
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model
