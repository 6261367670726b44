"""Reads the last position, as the printed book does, and so the padding.

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
    logits = model(input_batch.to(device))[:, -1]  # (B, K)
    return nn.functional.cross_entropy(logits, target_batch.to(device))
