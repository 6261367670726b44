"""Adds the change to the weight and leaves the LoRALayer in place, so that it counts twice.

exercise: merge_lora
rejected by: test_visible.py::test_merged_weights_by_hand
"""

import torch


def merge_lora(model):
    for module in model.modules():
        if isinstance(module, LinearWithLoRA):
            with torch.no_grad():
                module.linear.weight += module.lora.scaling * (module.lora.A @ module.lora.B).T
    return model
