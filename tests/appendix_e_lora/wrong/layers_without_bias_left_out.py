"""Skips linear layers that have no bias, such as the head and, by default, the projections.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_what_is_left_to_train_has_a_closed_form
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
        elif isinstance(child, nn.Linear) and child.bias is not None:
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        elif not isinstance(child, nn.Linear):
            _walk(child, rank, alpha)
