"""Gets a length of 0 for a row of padding, and so reads its last position.

exercise: calc_class_loss_batch
rejected by: test_hidden.py::test_loss_of_a_row_of_padding
"""


def _unclamped_logits(model: nn.Module, ids: Tensor, pad_token_id: int) -> Tensor:
    positions = torch.arange(1, ids.shape[1] + 1, device=ids.device)  # (T,)
    ends = positions * (ids != pad_token_id)  # (B, T), 0 where there is padding
    # The last, not the count: the padding token may stand inside a message too.
    return last_token_logits(model(ids), ends.amax(dim=1))  # (B, K)


def calc_class_loss_batch(
    input_batch: Tensor,
    target_batch: Tensor,
    model: nn.Module,
    device: torch.device | str,
    pad_token_id: int = 50256,
) -> Tensor:
    logits = _unclamped_logits(model, input_batch.to(device), pad_token_id)  # (B, K)
    return nn.functional.cross_entropy(logits, target_batch.to(device))
