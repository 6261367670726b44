"""Divides by 1,000,000 instead of by 1024 * 1024.

exercise: model_megabytes
rejected by: test_visible.py::test_megabytes_of_a_small_model
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    return sum(p.numel() * p.element_size() for p in _distinct_parameters(model)) / 10**6
