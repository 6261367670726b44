"""Calls the operator in TorchScript.

outcome: FAILED
exercise: gelu
says: rule 'gelu'
"""

import torch

unit = (
    torch.jit.CompilationUnit("def f(x: Tensor) -> Tensor:\n    return torch.gelu(x)\n")
    if hasattr(torch, "gelu")
    else None
)


def inner(x: torch.Tensor) -> torch.Tensor:
    return torch.ops.aten.gelu(x)


def gelu(x):
    return torch.jit.trace(inner, x)(x)
