"""Lets all layers of one size share one LoRALayer.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_what_is_left_to_train_has_a_closed_form
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for parameter in model.parameters():
        parameter.requires_grad = False
    _walk(model, rank, alpha, {})


def _walk(model, rank, alpha, known):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            child.lora.requires_grad_(True)
        elif isinstance(child, nn.Linear):
            layer = LinearWithLoRA(child, rank, alpha)
            layer.lora = known.setdefault(child.weight.shape, layer.lora)
            setattr(model, name, layer)
        else:
            _walk(child, rank, alpha, known)
