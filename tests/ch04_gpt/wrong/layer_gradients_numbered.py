"""Numbers the layers instead of giving the names of their parameters.

exercise: layer_gradients
rejected by: test_visible.py::test_layer_gradients_of_a_worked_example
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def layer_gradients(model: nn.Module, x: Tensor) -> dict[str, float]:
    output = model(x)
    loss = nn.functional.mse_loss(output, torch.zeros_like(output))
    weights = {n: p for n, p in model.named_parameters() if n.endswith("weight")}
    gradients = torch.autograd.grad(loss, list(weights.values()))
    return {str(i): g.abs().mean().item() for i, g in enumerate(gradients)}
