"""Tells parameters apart by data_ptr(), which is 0 for all of them on the meta device.

exercise: model_megabytes
rejected by: test_hidden.py::test_megabytes_of_gpt2_124m
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    sizes = {p.data_ptr(): p.numel() * p.element_size() for p in model.parameters()}
    return sum(sizes.values()) / 1024**2
