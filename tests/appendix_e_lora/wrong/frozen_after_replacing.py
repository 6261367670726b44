"""Freezes after replacing, and the new As and Bs with everything else.

exercise: replace_linear_with_lora
rejected by: test_visible.py::test_only_the_loras_are_left_to_train
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        elif not isinstance(child, LinearWithLoRA):
            replace_linear_with_lora(child, rank, alpha)
    for parameter in model.parameters():
        parameter.requires_grad = False
