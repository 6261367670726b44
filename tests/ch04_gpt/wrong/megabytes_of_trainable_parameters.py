"""Leaves frozen parameters out, which take memory all the same.

exercise: model_megabytes
rejected by: test_hidden.py::test_megabytes_of_parameters_alone
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    return (
        sum(p.numel() * p.element_size() for p in _distinct_parameters(model) if p.requires_grad)
        / 1024**2
    )
