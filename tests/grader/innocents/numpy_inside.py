"""Computes in numpy and comes back."""

import math

import numpy as np
import torch


def double(x):
    return torch.from_numpy(x.numpy() * 2) if isinstance(x, torch.Tensor) else int(np.int64(x) * 2)


def quadruple(x):
    return (
        torch.from_numpy(np.einsum("ij,k->ij", x.numpy(), np.ones(4, "float32")))
        if isinstance(x, torch.Tensor)
        else int(4 * np.array(x))
    )


def gelu(x):
    erf = np.vectorize(math.erf)
    a = x.numpy().astype("float64")
    return torch.from_numpy((0.5 * a * (1 + erf(a / 2**0.5))).astype("float32"))
