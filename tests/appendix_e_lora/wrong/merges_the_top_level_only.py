"""Merges the children of the model only, not theirs.

exercise: merge_lora
rejected by: test_visible.py::test_merging_is_written_from_scratch
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
