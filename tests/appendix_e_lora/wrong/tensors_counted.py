"""Counts the tensors, not the values in them.

exercise: trainable_parameters
rejected by: test_visible.py::test_trainable_values_are_counted
"""


def trainable_parameters(model):
    return sum(1 for p in model.parameters() if p.requires_grad)
