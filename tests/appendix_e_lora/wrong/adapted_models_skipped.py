"""Does nothing if there is any LoRALayer in the model, whatever else is still missing.

exercise: replace_linear_with_lora
rejected by: test_hidden.py::test_what_is_not_adapted_yet_is_adapted
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    if any(isinstance(module, LinearWithLoRA) for module in model.modules()):
        return
    for parameter in model.parameters():
        parameter.requires_grad = False
    _walk(model, rank, alpha)


def _walk(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        else:
            _walk(child, rank, alpha)
