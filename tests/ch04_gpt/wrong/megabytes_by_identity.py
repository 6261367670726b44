"""Tells parameters apart by the Python object: two objects can share one memory.

exercise: model_megabytes
rejected by: test_hidden.py::test_megabytes_of_parameters_alone
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    return sum(p.numel() * p.element_size() for p in model.parameters()) / 1024**2
