"""Divides by the batch size only, not by the number of all output values.

exercise: layer_gradients
rejected by: test_hidden.py::test_layer_gradients_of_any_module
"""

import torch
from torch import Tensor, nn


def layer_gradients(model: nn.Module, x: Tensor) -> dict[str, float]:
    output = model(x)
    loss = output.square().sum() / output.shape[0]
    weights = {n: p for n, p in model.named_parameters() if n.endswith("weight")}
    gradients = torch.autograd.grad(loss, list(weights.values()))
    return {n: g.abs().mean().item() for n, g in zip(weights, gradients, strict=True)}
