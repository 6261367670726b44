"""Gives the int 0 where no parameter has a gradient.

exercise: clip_gradients
rejected by: test_hidden.py::test_parameters_without_gradient_stay_without
"""


def clip_gradients(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    if not gradients:
        return 0
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm().item()
    if norm > max_norm:
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return norm
