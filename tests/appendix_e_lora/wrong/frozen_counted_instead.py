"""Counts what is frozen.

exercise: trainable_parameters
rejected by: test_hidden.py::test_any_frozen_part_is_left_out
"""


def trainable_parameters(model):
    return sum(p.numel() for p in model.parameters() if not p.requires_grad)
