"""Divides each number by the sum of the row without exp, which is no softmax, and fails on
negative numbers.

exercise: softmax
rejected by: test_visible.py::test_softmax_by_hand
"""

from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    x = x.abs() + 1e-9
    return x / x.sum(dim=dim, keepdim=True)
