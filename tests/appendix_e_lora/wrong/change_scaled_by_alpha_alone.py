"""Multiplies the change by alpha alone, although the rank divides it before merging.

exercise: merge_lora
rejected by: test_hidden.py::test_merging_changes_the_model_that_was_given
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
                linear.weight += scale * lora.A.shape[1] * (lora.A @ lora.B).T
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model
