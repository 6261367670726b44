"""Takes the LoRALayers away without adding what they have learned.

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
                pass
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model
