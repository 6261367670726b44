"""Returns None for a model without LoRALayers.

exercise: merge_lora
rejected by: test_hidden.py::test_merging_changes_the_model_that_was_given
"""

import copy

import torch


def merge_lora(model):
    parents = [m for m in model.modules() if any(has_lora(child) for child in m.children())]
    if not parents:
        return None
    for parent in parents:
        for name, child in list(parent.named_children()):
            if has_lora(child):
                linear = copy.deepcopy(child.linear)
                with torch.no_grad():
                    linear.weight += child.lora.scaling * (child.lora.A @ child.lora.B).T
                setattr(parent, name, linear)
    return model


def has_lora(module):
    return isinstance(module, LinearWithLoRA)
