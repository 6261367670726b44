"""Merges a copy and returns it, while the caller's model stays as it was.

exercise: merge_lora
rejected by: test_hidden.py::test_merging_changes_the_model_that_was_given
"""

import copy

import torch


def merge_lora(model):
    model = copy.deepcopy(model)
    _walk(model)
    return model


def _walk(model):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            with torch.no_grad():
                child.linear.weight += child.lora.scaling * (child.lora.A @ child.lora.B).T
            setattr(model, name, child.linear)
        else:
            _walk(child)
