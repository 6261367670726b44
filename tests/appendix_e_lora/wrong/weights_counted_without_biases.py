"""Counts matrices only, and leaves the biases out.

exercise: trainable_parameters
rejected by: test_visible.py::test_trainable_values_are_counted
"""


def trainable_parameters(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad and p.dim() > 1)
