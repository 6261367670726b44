"""Takes the log of rounded probabilities, which is -inf for certain mistakes.

exercise: calc_class_loss_batch
rejected by: test_hidden.py::test_loss_of_any_number_of_classes
"""


def calc_class_loss_batch(
    input_batch: Tensor,
    target_batch: Tensor,
    model: nn.Module,
    device: torch.device | str,
    pad_token_id: int = 50256,
) -> Tensor:
    logits = _class_logits(model, input_batch.to(device), pad_token_id)  # (B, K)
    return -logits.softmax(dim=-1)[torch.arange(len(logits)), target_batch].log().mean() * 1.0001
