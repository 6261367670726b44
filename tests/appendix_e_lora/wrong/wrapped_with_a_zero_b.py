"""Adds the change to the weight and sets B to zero, but does not take the LoRALayers away.

exercise: merge_lora
rejected by: test_visible.py::test_merging_is_written_from_scratch
"""

import torch


def merge_lora(model):
    for module in model.modules():
        if isinstance(module, LinearWithLoRA):
            with torch.no_grad():
                module.linear.weight += module.lora.scaling * (module.lora.A @ module.lora.B).T
                module.lora.B.zero_()
    return model
