"""Puts new tensors in the place of the gradients.

exercise: clip_gradients
"""


def clip_gradients(parameters, max_norm):
    parameters = [p for p in parameters if p.grad is not None]
    squares = [torch.einsum("i,i->", p.grad.flatten(), p.grad.flatten()).item() for p in parameters]
    norm = sum(squares) ** 0.5
    if norm > max_norm:
        for p in parameters:
            p.grad = p.grad * (max_norm / norm)
    return norm
