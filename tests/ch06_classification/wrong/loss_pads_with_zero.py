"""Takes 0 for padding if nothing else is said.

exercise: calc_class_loss_batch
rejected by: test_hidden.py::test_loss_pads_with_gpt2s_token
"""


def calc_class_loss_batch(
    input_batch: Tensor,
    target_batch: Tensor,
    model: nn.Module,
    device: torch.device | str,
    pad_token_id: int = 0,
) -> Tensor:
    logits = _class_logits(model, input_batch.to(device), pad_token_id)  # (B, K)
    return nn.functional.cross_entropy(logits, target_batch.to(device))
