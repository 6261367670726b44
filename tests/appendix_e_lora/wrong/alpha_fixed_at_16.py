"""Has the book's alpha of 16 built in.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_rank_and_alpha_reach_every_layer
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for parameter in model.parameters():
        parameter.requires_grad = False
    _walk(model, rank)


def _walk(model, rank):
    for name, child in model.named_children():
        if isinstance(child, LinearWithLoRA):
            child.lora.requires_grad_(True)
        elif isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, rank, 16))
        else:
            _walk(child, rank)
