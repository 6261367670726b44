"""Looks at the children of the model only, not at theirs: a GPT gets one LoRALayer, at its head.

exercise: replace_linear_with_lora
rejected by: test_visible.py::test_every_linear_layer_of_a_gpt_is_replaced
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name, child in model.named_children():
        if isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
