"""Leaves the output head as it is, though it is a linear layer as well.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_lora_of_the_sizes_of_gpt2
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for parameter in model.parameters():
        parameter.requires_grad = False
    _walk(model, rank, alpha)


def _walk(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            child.lora.requires_grad_(True)
        elif isinstance(child, nn.Linear) and name != "out_head":
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        elif not isinstance(child, nn.Linear):
            _walk(child, rank, alpha)
