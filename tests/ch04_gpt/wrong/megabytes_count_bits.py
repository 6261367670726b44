"""Takes bits for bytes.

exercise: model_megabytes
rejected by: test_visible.py::test_megabytes_of_a_small_model
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    return sum(p.numel() * p.element_size() * 8 for p in _distinct_parameters(model)) / 1024**2
