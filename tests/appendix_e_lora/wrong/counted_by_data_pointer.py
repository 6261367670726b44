"""Tells parameters apart by their data pointer, which is 0 for all on the meta device.

exercise: trainable_parameters
rejected by: test_hidden.py::test_a_model_without_loras_is_counted_too
"""


def trainable_parameters(model):
    found = {p.data_ptr(): p.numel() for p in model.parameters() if p.requires_grad}
    return sum(found.values())
