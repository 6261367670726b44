"""Hides torch's softmax behind its module.

exercise: softmax
rejected by: test_visible.py::test_softmax_is_written_from_scratch
"""

from torch import Tensor, nn


def softmax(x: Tensor, dim: int) -> Tensor:
    return nn.Softmax(dim=dim)(x)
