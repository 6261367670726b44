"""Adds up module by module, where a parameter of two modules counts twice.

exercise: trainable_parameters
rejected by: test_hidden.py::test_a_shared_parameter_is_counted_once
"""


def trainable_parameters(model):
    return sum(
        p.numel() for m in model.modules() for p in m.parameters(recurse=False) if p.requires_grad
    )
