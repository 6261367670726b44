"""Clears the gradients, runs backward from a mean of squares, and skips what is called bias.

exercise: layer_gradients
"""


def layer_gradients(model, x):
    model.zero_grad(set_to_none=False)
    model(x).pow(2).mean().backward()
    return {
        name: float(parameter.grad.abs().mean())
        for name, parameter in model.named_parameters()
        if "weight" in name
    }
