"""Lets torch's logsumexp do the stable part of the work.

exercise: softmax
rejected by: test_visible.py::test_softmax_is_written_from_scratch
"""

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    return (x - torch.logsumexp(x, dim, keepdim=True)).exp()
