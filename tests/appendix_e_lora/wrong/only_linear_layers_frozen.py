"""Freezes the linear layers only, so that embeddings and norms are still trained.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_the_base_of_a_gpt_is_frozen
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, nn.Linear):
            child.requires_grad_(False)
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        elif not isinstance(child, LinearWithLoRA):
            replace_linear_with_lora(child, rank, alpha)
