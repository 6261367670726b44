"""Is written in TorchScript, vmap and einsum."""

import torch


@torch.jit.script
def _double(x: torch.Tensor) -> torch.Tensor:
    return x + x


def double(x):
    return _double(x) if isinstance(x, torch.Tensor) else 2 * x


def quadruple(x):
    return torch.einsum("ij,k->ij", x, torch.ones(4)) if isinstance(x, torch.Tensor) else 4 * x


def gelu(x):
    return torch.func.vmap(lambda v: 0.5 * v * (1 + torch.erf(v / 2**0.5)))(x)
