"""Asks torch for the size of an element.

exercise: weight_bytes
"""

import torch


def weight_bytes(n_params, dtype):
    if not isinstance(getattr(torch, dtype, None), torch.dtype):
        raise ValueError(f"torch has no type {dtype}")
    return int(n_params) * torch.zeros(1, dtype=getattr(torch, dtype)).element_size()
