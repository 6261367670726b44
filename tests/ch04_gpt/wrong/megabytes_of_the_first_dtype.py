"""Takes the size of the first parameter for all of them.

exercise: model_megabytes
rejected by: test_hidden.py::test_megabytes_follow_each_dtype
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    return (
        sum(
            p.numel() * next(model.parameters()).element_size() for p in _distinct_parameters(model)
        )
        / 1024**2
    )
