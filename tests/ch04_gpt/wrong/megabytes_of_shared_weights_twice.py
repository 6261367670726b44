"""Counts tied weights twice, although they are one memory.

exercise: model_megabytes
rejected by: test_hidden.py::test_megabytes_of_gpt2_124m
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    return (
        sum(p.numel() * p.element_size() for _, p in model.named_parameters(remove_duplicate=False))
        / 1024**2
    )
