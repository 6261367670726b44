"""Takes every parameter that is no bias, be it a weight or not.

exercise: layer_gradients
rejected by: test_hidden.py::test_layer_gradients_of_any_module
"""

from torch import Tensor, nn


def layer_gradients(model: nn.Module, x: Tensor) -> dict[str, float]:
    model.zero_grad()
    model(x).square().mean().backward()
    weights = {n: p.grad for n, p in model.named_parameters() if not n.endswith("bias")}
    return {n: g.abs().mean().item() for n, g in weights.items()}
