"""Counts the values of float buffers too.

exercise: trainable_parameters
rejected by: test_hidden.py::test_a_model_without_loras_is_counted_too
"""


def trainable_parameters(model):
    tensors = [p for p in model.parameters() if p.requires_grad]
    tensors += [b for b in model.buffers() if b.is_floating_point()]
    return sum(tensor.numel() for tensor in tensors)
