"""Returns a tensor instead of a float.

exercise: clip_gradients
rejected by: test_visible.py::test_gradients_are_scaled_to_the_limit
"""


def clip_gradients(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = math.sqrt(sum(gradient.double().square().sum().item() for gradient in gradients))
    if norm > max_norm:
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return torch.tensor(norm)
