"""Computes with einsum, folds the scale into B, and starts A as nn.Linear(in_dim, rank) would.

exercise: LoRALayer, merge_lora
"""

import math

import torch
from torch import nn


class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        if not rank > 0:
            raise ValueError(f"LoRA needs a positive rank, not {rank}")
        start = torch.empty(rank, in_dim)
        nn.init.kaiming_uniform_(start, a=math.sqrt(5))
        self.A = nn.Parameter(start.T.contiguous())
        self.B = nn.Parameter(torch.zeros((rank, out_dim)))
        self.rank = rank
        self.alpha = alpha

    def delta(self):
        return torch.einsum("ir,ro->oi", self.A, self.B * self.alpha / self.rank)

    def forward(self, x):
        return torch.einsum("...i,ir,ro->...o", x, self.A, self.B * (self.alpha / self.rank))


def merge_lora(model):
    wrapped = [(n, m) for n, m in model.named_modules() if isinstance(m, LinearWithLoRA)]
    for name, layer in wrapped:
        weight = (layer.linear.weight + layer.lora.delta()).detach().clone()
        layer.linear.weight = nn.Parameter(weight, requires_grad=False)
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, layer.linear)
    return model
