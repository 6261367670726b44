"""Makes its caller's input require a gradient.

exercise: layer_gradients
rejected by: test_hidden.py::test_layer_gradients_of_any_module
"""

from torch import Tensor, nn


def layer_gradients(model: nn.Module, x: Tensor) -> dict[str, float]:
    x.requires_grad_(True)
    model.zero_grad()
    model(x).square().mean().backward()
    weights = {n: p.grad for n, p in model.named_parameters() if n.endswith("weight")}
    return {n: g.abs().mean().item() for n, g in weights.items()}
