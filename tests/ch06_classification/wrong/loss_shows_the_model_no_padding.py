"""Cuts every row to the shortest message.

exercise: calc_class_loss_batch
rejected by: test_hidden.py::test_loss_does_not_depend_on_padding
"""


def calc_class_loss_batch(
    input_batch: Tensor,
    target_batch: Tensor,
    model: nn.Module,
    device: torch.device | str,
    pad_token_id: int = 50256,
) -> Tensor:
    logits = _class_logits(
        model,
        input_batch[:, : (input_batch != pad_token_id).sum(dim=1).clamp(min=1).min()].to(device),
        pad_token_id,
    )  # (B, K)
    return nn.functional.cross_entropy(logits, target_batch.to(device))
