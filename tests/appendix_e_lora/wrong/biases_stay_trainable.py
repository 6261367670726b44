"""Lets the biases be trained beside the LoRALayers, so that the base does not stay as it was.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_the_loss_falls_when_only_the_loras_train
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.endswith("bias")
    _walk(model, rank, alpha)


def _walk(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            child.lora.requires_grad_(True)
        elif isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        else:
            _walk(child, rank, alpha)
