"""Lists the names of all linear layers first, those inside a LinearWithLoRA left out, then replaces by name.

exercise: replace_linear_with_lora
"""

from torch import nn


def replace_linear_with_lora(model, rank, alpha):
    done = {n for n, m in model.named_modules() if isinstance(m, LinearWithLoRA)}
    todo = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.rpartition(".")[0] not in done
    ]
    model.requires_grad_(False)
    for name in done:
        for parameter in model.get_submodule(name).lora.parameters():
            parameter.requires_grad = True
    for name in todo:
        parent, _, child = name.rpartition(".")
        layer = LinearWithLoRA(model.get_submodule(name), rank, alpha)
        model.get_submodule(parent).register_module(child, layer)
