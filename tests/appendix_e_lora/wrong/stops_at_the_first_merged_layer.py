"""Returns after the first layer that was merged in each module.

exercise: merge_lora
rejected by: test_hidden.py::test_a_merged_gpt_computes_the_same
"""

import copy

import torch


def merge_lora(model):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            linear, lora = copy.deepcopy(child.linear), child.lora
            with torch.no_grad():
                linear.weight += lora.scaling * (lora.A @ lora.B).T
            setattr(model, name, linear)
            return model
        merge_lora(child)
    return model
