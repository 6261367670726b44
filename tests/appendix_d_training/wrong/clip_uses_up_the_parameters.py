"""Goes through the parameters twice: the second time, a generator is empty.

exercise: clip_gradients
rejected by: test_visible.py::test_gradients_are_scaled_to_the_limit
"""


def clip_gradients(parameters, max_norm):
    norm = math.sqrt(
        sum(p.grad.double().square().sum().item() for p in parameters if p.grad is not None)
    )
    if norm > max_norm:
        for p in parameters:
            if p.grad is not None:
                p.grad.mul_(max_norm / norm)
    return norm
