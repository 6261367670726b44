"""Calls backward without clearing the gradients that the model already holds.

exercise: layer_gradients
rejected by: test_hidden.py::test_layer_gradients_forget_older_gradients
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def layer_gradients(model: nn.Module, x: Tensor) -> dict[str, float]:
    output = model(x)
    loss = nn.functional.mse_loss(output, torch.zeros_like(output))
    weights = {n: p for n, p in model.named_parameters() if n.endswith("weight")}
    loss.backward()
    return {n: p.grad.abs().mean().item() for n, p in weights.items()}
