"""Freezes the weights and forgets the biases and the shifts of the norms.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_the_base_of_a_gpt_is_frozen
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for name, parameter in model.named_parameters():
        if name.endswith(("weight", "scale")):
            parameter.requires_grad = False
    _walk(model, rank, alpha)


def _walk(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        elif not isinstance(child, LinearWithLoRA):
            _walk(child, rank, alpha)
