"""Takes 50256 for padding, whatever pad_token_id is.

exercise: calc_class_loss_batch
rejected by: test_visible.py::test_loss_of_a_worked_example
"""


def calc_class_loss_batch(
    input_batch: Tensor,
    target_batch: Tensor,
    model: nn.Module,
    device: torch.device | str,
    pad_token_id: int = 50256,
) -> Tensor:
    logits = _class_logits(model, input_batch.to(device), 50256)  # (B, K)
    return nn.functional.cross_entropy(logits, target_batch.to(device))
