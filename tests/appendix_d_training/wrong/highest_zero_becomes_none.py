"""Gives None where all gradients are zero.

exercise: find_highest_gradient
rejected by: test_hidden.py::test_each_sign_and_each_place_is_seen
"""


def find_highest_gradient(model):
    highest = 0.0
    for p in model.parameters():
        if p.grad is not None:
            highest = max(highest, p.grad.abs().max().item())
    return highest or None
