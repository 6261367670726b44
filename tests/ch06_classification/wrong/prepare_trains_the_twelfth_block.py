"""Trains the block with number 11, wherever there are fewer or more.

exercise: prepare_for_classification
rejected by: test_visible.py::test_only_the_end_is_trained
"""


def prepare_for_classification(model: GPTModel, num_classes: int) -> GPTModel:
    model.requires_grad_(False)
    old = model.out_head.weight  # (V, C)
    model.out_head = nn.Linear(old.shape[1], num_classes, device=old.device, dtype=old.dtype)
    model.trf_blocks[min(11, len(model.trf_blocks) - 2)].requires_grad_(True)
    model.final_norm.requires_grad_(True)
    return model
