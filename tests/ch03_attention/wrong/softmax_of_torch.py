"""Calls torch's own softmax, which is what this exercise builds.

exercise: softmax
rejected by: test_visible.py::test_softmax_is_written_from_scratch
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    return torch.softmax(x, dim)
