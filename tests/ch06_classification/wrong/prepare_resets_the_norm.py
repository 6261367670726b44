"""Resets the last norm's scale.

exercise: prepare_for_classification
rejected by: test_hidden.py::test_gradients_reach_the_end_only
"""


def prepare_for_classification(model: GPTModel, num_classes: int) -> GPTModel:
    model.requires_grad_(False)
    old = model.out_head.weight  # (V, C)
    model.out_head = nn.Linear(old.shape[1], num_classes, device=old.device, dtype=old.dtype)
    model.trf_blocks[-1].requires_grad_(True)
    model.final_norm.scale = nn.Parameter(torch.ones(old.shape[1]), requires_grad=False)
    return model
