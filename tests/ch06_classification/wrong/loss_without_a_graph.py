"""Computes the loss without recording gradients.

exercise: calc_class_loss_batch
rejected by: test_hidden.py::test_gradients_of_the_loss
"""


def calc_class_loss_batch(
    input_batch: Tensor,
    target_batch: Tensor,
    model: nn.Module,
    device: torch.device | str,
    pad_token_id: int = 50256,
) -> Tensor:
    with torch.no_grad():
        logits = _class_logits(model, input_batch.to(device), pad_token_id)  # (B, K)
    return nn.functional.cross_entropy(logits, target_batch.to(device))
