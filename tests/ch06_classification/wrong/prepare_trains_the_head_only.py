"""Trains the new head alone.

exercise: prepare_for_classification
rejected by: test_visible.py::test_only_the_end_is_trained
"""


def prepare_for_classification(model: GPTModel, num_classes: int) -> GPTModel:
    model.requires_grad_(False)
    old = model.out_head.weight  # (V, C)
    model.out_head = nn.Linear(old.shape[1], num_classes, device=old.device, dtype=old.dtype)
    return model
