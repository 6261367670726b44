"""Adds the change in place, but gives a weight that is used elsewhere a copy first.

exercise: merge_lora
"""

from collections import Counter

from torch import nn


def merge_lora(model):
    uses = Counter(id(p) for m in model.modules() for p in m._parameters.values())
    for name, layer in list(model.named_modules()):
        if not isinstance(layer, LinearWithLoRA):
            continue
        linear, lora = layer.linear, layer.lora
        if uses[id(linear.weight)] > 1:
            linear.weight = nn.Parameter(linear.weight.data.clone())
        linear.weight.data.addmm_(lora.B.data.T, lora.A.data.T, alpha=lora.scaling)
        path, _, last = name.rpartition(".")
        setattr(model.get_submodule(path), last, linear)
    return model
