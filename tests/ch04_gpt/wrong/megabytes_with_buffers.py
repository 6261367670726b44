"""Counts the attention masks too.

exercise: model_megabytes
rejected by: test_hidden.py::test_megabytes_of_parameters_alone
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    tensors = [*_distinct_parameters(model), *model.buffers()]
    return sum(t.numel() * t.element_size() for t in tensors) / 1024**2
