"""Calls torch's own clip_grad_norm_.

exercise: clip_gradients
rejected by: test_visible.py::test_clip_gradients_is_written_from_scratch
"""


def clip_gradients(parameters, max_norm):
    return torch.nn.utils.clip_grad_norm_(parameters, max_norm).item()
