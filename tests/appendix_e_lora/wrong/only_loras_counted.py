"""Counts the As and Bs by their names, and nothing else that is trained.

exercise: trainable_parameters
rejected by: test_hidden.py::test_a_model_without_loras_is_counted_too
"""


def trainable_parameters(model):
    return sum(p.numel() for n, p in model.named_parameters() if p.requires_grad and "lora" in n)
