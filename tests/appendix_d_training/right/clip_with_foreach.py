"""Uses torch's operations on lists of tensors.

exercise: clip_gradients
"""


def clip_gradients(parameters, max_norm):
    grads = [g for g in (p.grad for p in parameters) if g is not None]
    if not grads:
        return 0.0
    norm = float(torch.stack(torch._foreach_norm(grads)).norm())
    if norm > max_norm:
        torch._foreach_mul_(grads, max_norm / norm)
    return norm
