"""Takes parameters with equal values for one; sharing is about memory, not about values.

exercise: count_parameters
rejected by: test_hidden.py::test_count_takes_frozen_parameters_and_no_buffers
"""

import torch
from torch import nn


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    if unique:
        seen = []
        for p in _distinct_parameters(model):
            if p.is_meta or not any(torch.equal(p, q) for q in seen):
                seen.append(p)
        return sum(p.numel() for p in seen)
    return sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False))
