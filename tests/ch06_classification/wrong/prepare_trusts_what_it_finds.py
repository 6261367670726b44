"""Only freezes, and takes for granted that last block and norm can be trained.

exercise: prepare_for_classification
rejected by: test_hidden.py::test_preparing_any_model
"""


def prepare_for_classification(model: GPTModel, num_classes: int) -> GPTModel:
    for name, parameter in model.named_parameters():
        if not name.startswith((f"trf_blocks.{len(model.trf_blocks) - 1}.", "final_norm.")):
            parameter.requires_grad_(False)
    old = model.out_head.weight  # (V, C)
    model.out_head = nn.Linear(old.shape[1], num_classes, device=old.device, dtype=old.dtype)
    return model
