"""Puts a new norm in the place of the one that was trained.

exercise: prepare_for_classification
rejected by: test_hidden.py::test_preparing_any_model
"""


def prepare_for_classification(model: GPTModel, num_classes: int) -> GPTModel:
    model.requires_grad_(False)
    old = model.out_head.weight
    model.out_head = nn.Linear(old.shape[1], num_classes, device=old.device, dtype=old.dtype)
    model.trf_blocks[-1].requires_grad_(True)
    model.final_norm = type(model.final_norm)(old.shape[1])
    return model
