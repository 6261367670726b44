"""Adapts the projections of the attention only, as the first experiments of the paper did.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_what_is_left_to_train_has_a_closed_form
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    for parameter in model.parameters():
        parameter.requires_grad = False
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear) and (name.startswith("W_") or name == "out_proj"):
                setattr(module, name, LinearWithLoRA(child, rank, alpha))
