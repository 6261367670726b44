"""Freezes in the constructor as well, and returns the model although nobody asked.

exercise: LinearWithLoRA, replace_linear_with_lora
"""

from torch import nn


class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.rank, self.alpha = rank, alpha

    def forward(self, x):
        return self.lora(x).add(self.linear(x))


def replace_linear_with_lora(model, rank, alpha):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.endswith((".lora.A", ".lora.B")))
    stack = [model]
    while stack:
        module = stack.pop()
        for name, child in list(module._modules.items()):
            if type(child) is nn.Linear:
                module._modules[name] = LinearWithLoRA(child, rank, alpha)
            elif not isinstance(child, LinearWithLoRA):
                stack.append(child)
    return model
