"""Lets torch's get_total_norm compute the norm.

exercise: clip_gradients
rejected by: test_visible.py::test_clip_gradients_is_written_from_scratch
"""


def clip_gradients(parameters, max_norm):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients).item()
    if norm > max_norm:
        for gradient in gradients:
            gradient.mul_(max_norm / norm)
    return norm
