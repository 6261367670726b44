"""Starts the last block from random weights and loses what was learned.

exercise: prepare_for_classification
rejected by: test_hidden.py::test_preparing_any_model
"""


def prepare_for_classification(model: GPTModel, num_classes: int) -> GPTModel:
    model.requires_grad_(False)
    old = model.out_head.weight  # (V, C)
    model.out_head = nn.Linear(old.shape[1], num_classes, device=old.device, dtype=old.dtype)
    model.trf_blocks[-1].requires_grad_(True)
    model.final_norm.requires_grad_(True)
    for part in model.trf_blocks[-1].modules():
        if isinstance(part, nn.Linear):
            part.reset_parameters()
    return model
