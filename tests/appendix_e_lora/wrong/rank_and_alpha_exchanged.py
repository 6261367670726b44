"""Exchanges rank and alpha on the way down, at every other level.

exercise: replace_linear_with_lora
rejected by: test_visible.py::test_every_linear_layer_of_a_gpt_is_replaced
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for parameter in model.parameters():
        parameter.requires_grad = False
    _walk(model, rank, alpha)


def _walk(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, int(rank), alpha))
        elif not isinstance(child, LinearWithLoRA):
            _walk(child, alpha, rank)
