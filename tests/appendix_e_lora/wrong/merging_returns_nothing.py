"""Merges in place and returns nothing.

exercise: merge_lora
rejected by: test_hidden.py::test_merging_changes_the_model_that_was_given
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
        else:
            merge_lora(child)
