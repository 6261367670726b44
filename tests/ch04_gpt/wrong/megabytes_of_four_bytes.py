"""Takes four bytes for every value, whatever its dtype.

exercise: model_megabytes
rejected by: test_hidden.py::test_megabytes_follow_each_dtype
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    return sum(p.numel() * 4 for p in _distinct_parameters(model)) / 1024**2
