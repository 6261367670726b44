"""Freezes after it has put the new head in, and so freezes that too.

exercise: prepare_for_classification
rejected by: test_visible.py::test_only_the_end_is_trained
"""


def prepare_for_classification(model: GPTModel, num_classes: int) -> GPTModel:
    old = model.out_head.weight  # (V, C)
    model.out_head = nn.Linear(old.shape[1], num_classes, device=old.device, dtype=old.dtype)
    model.requires_grad_(False)
    model.trf_blocks[-1].requires_grad_(True)
    model.final_norm.requires_grad_(True)
    return model
