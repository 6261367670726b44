"""Leaves the model in eval mode.

exercise: merge_lora
rejected by: test_hidden.py::test_merging_some_layers_leaves_the_others_alone
"""

import copy

import torch


def merge_lora(model):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            linear = copy.deepcopy(child.linear)
            with torch.no_grad():
                linear.weight += child.lora.scaling * (child.lora.A @ child.lora.B).T
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model.eval()
