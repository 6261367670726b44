"""Leaves a weight shared where B is zero.

exercise: merge_lora
rejected by: test_hidden.py::test_merging_a_tied_head_leaves_the_embedding_alone
"""

import copy

import torch


def merge_lora(model):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            linear = child.linear
            if child.lora.B.any():
                linear = copy.deepcopy(linear)
                with torch.no_grad():
                    linear.weight += child.lora.scaling * (child.lora.A @ child.lora.B).T
            setattr(model, name, linear)
        else:
            merge_lora(child)
    return model
