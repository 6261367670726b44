"""Gives the largest absolute gradient instead of the mean.

exercise: layer_gradients
rejected by: test_hidden.py::test_layer_gradients_equal_autograd
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def layer_gradients(model: nn.Module, x: Tensor) -> dict[str, float]:
    output = model(x)
    loss = nn.functional.mse_loss(output, torch.zeros_like(output))
    weights = {n: p for n, p in model.named_parameters() if n.endswith("weight")}
    gradients = torch.autograd.grad(loss, list(weights.values()))
    return {n: g.abs().max().item() for n, g in zip(weights, gradients, strict=True)}
