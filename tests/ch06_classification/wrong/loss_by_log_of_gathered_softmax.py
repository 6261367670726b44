"""Takes the logarithm of a probability that is rounded to 0.

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
    logits = _class_logits(model, input_batch.to(device), pad_token_id)
    probabilities = logits.softmax(dim=-1)
    return -probabilities.gather(1, target_batch.to(device)[:, None]).log().mean()
