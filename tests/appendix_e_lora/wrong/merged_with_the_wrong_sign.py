"""Subtracts the change from the weight.

exercise: merge_lora
rejected by: test_visible.py::test_merging_is_written_from_scratch
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
                linear.weight -= scale * (lora.A @ lora.B).T
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model
