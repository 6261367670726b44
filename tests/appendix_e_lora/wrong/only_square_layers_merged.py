"""Merges a layer only where A B fits without a transpose, and drops the other LoRALayers.

exercise: merge_lora
rejected by: test_hidden.py::test_merging_some_layers_leaves_the_others_alone
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
                if linear.in_features == linear.out_features:
                    linear.weight += scale * (lora.A @ lora.B).T
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model
