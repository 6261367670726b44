"""Puts the new layer behind the old head.

exercise: prepare_for_classification
rejected by: test_visible.py::test_only_the_end_is_trained
"""


def prepare_for_classification(model: GPTModel, num_classes: int) -> GPTModel:
    model.requires_grad_(False)
    old = model.out_head.weight  # (V, C)
    model.out_head = nn.Sequential(model.out_head, nn.Linear(old.shape[0], num_classes))
    model.trf_blocks[-1].requires_grad_(True)
    model.final_norm.requires_grad_(True)
    return model
