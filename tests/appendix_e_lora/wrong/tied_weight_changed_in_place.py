"""Adds the change to the weight in place, and so to the embedding that is tied to it.

exercise: merge_lora
rejected by: test_hidden.py::test_merging_a_tied_head_leaves_the_embedding_alone
"""

import torch


def merge_lora(model):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            with torch.no_grad():
                child.linear.weight += child.lora.scaling * (child.lora.A @ child.lora.B).T
            setattr(model, name, child.linear)
        else:
            merge_lora(child)
    return model
