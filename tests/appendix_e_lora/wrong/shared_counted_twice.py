"""Counts a parameter once for each name, so that a tied head counts twice.

exercise: trainable_parameters
rejected by: test_hidden.py::test_a_shared_parameter_is_counted_once
"""


def trainable_parameters(model):
    named = model.named_parameters(remove_duplicate=False)
    return sum(p.numel() for _, p in named if p.requires_grad)
