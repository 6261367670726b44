"""Merges the output head and leaves every LoRALayer in the blocks.

exercise: merge_lora
rejected by: test_hidden.py::test_merging_some_layers_leaves_the_others_alone
"""

import copy

import torch


def merge_lora(model):
    if isinstance(getattr(model, "out_head", None), LinearWithLoRA):
        linear, lora = copy.deepcopy(model.out_head.linear), model.out_head.lora
        with torch.no_grad():
            linear.weight += lora.scaling * (lora.A @ lora.B).T
        model.out_head = linear
    return model
