"""Writes zeros over the padding in its caller's batch.

exercise: calc_class_loss_batch
rejected by: test_hidden.py::test_loss_leaves_mode_and_batch_alone
"""


def calc_class_loss_batch(
    input_batch: Tensor,
    target_batch: Tensor,
    model: nn.Module,
    device: torch.device | str,
    pad_token_id: int = 50256,
) -> Tensor:
    logits = _class_logits(model, input_batch.to(device), pad_token_id)  # (B, K)
    input_batch[:, 0] = 0
    return nn.functional.cross_entropy(logits, target_batch.to(device))
