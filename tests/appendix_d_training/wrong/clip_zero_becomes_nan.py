"""Divides by the norm before it asks how large that is: 0 / 0 is nan.

exercise: clip_gradients
rejected by: test_hidden.py::test_gradients_of_zero_stay_zero
"""


def clip_gradients(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = math.sqrt(sum(gradient.double().square().sum().item() for gradient in gradients))
    for gradient in gradients:
        gradient.div_(norm).mul_(min(norm, max_norm))
    return norm
