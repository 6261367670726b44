"""Goes through model.layers by hand and so works for a DeepNetwork alone.

exercise: layer_gradients
rejected by: test_hidden.py::test_layer_gradients_of_any_module
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def layer_gradients(model: nn.Module, x: Tensor) -> dict[str, float]:
    output = model(x)
    loss = nn.functional.mse_loss(output, torch.zeros_like(output))
    weights = {f"layers.{i}.0.weight": layer[0].weight for i, layer in enumerate(model.layers)}
    gradients = torch.autograd.grad(loss, list(weights.values()))
    return {n: g.abs().mean().item() for n, g in zip(weights, gradients, strict=True)}
