"""Looks two levels deep and no further, which does not reach into the blocks.

exercise: replace_linear_with_lora
rejected by: test_visible.py::test_every_linear_layer_of_a_gpt_is_replaced
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for parameter in model.parameters():
        parameter.requires_grad = False
    for module in [model, *model.children()]:
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, LinearWithLoRA(child, rank, alpha))
