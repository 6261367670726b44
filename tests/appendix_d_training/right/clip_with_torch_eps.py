"""Adds the 1e-6 that torch adds to the norm, and multiplies always.

exercise: clip_gradients
"""


def clip_gradients(parameters, max_norm):
    with torch.no_grad():
        grads = [p.grad for p in list(parameters) if p.grad is not None]
        if not grads:
            return 0.0
        norm = torch.linalg.vector_norm(
            torch.stack([torch.linalg.vector_norm(g.double()) for g in grads])
        )
        factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
        for g in grads:
            g *= factor.to(g.dtype)
    return norm.item()
