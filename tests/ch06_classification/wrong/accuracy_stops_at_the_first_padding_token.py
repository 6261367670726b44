"""Takes the first padding token for the end of the message.

exercise: calc_accuracy_loader
rejected by: test_hidden.py::test_accuracy_pads_with_gpt2s_token
"""


def _early_logits(model, ids, pad_token_id):
    real = (ids != pad_token_id).long().cumprod(dim=1).sum(dim=1)
    return last_token_logits(model(ids), real.clamp(min=1))


def calc_accuracy_loader(
    data_loader: Iterable[tuple[Tensor, Tensor]],
    model: nn.Module,
    device: torch.device | str,
    num_batches: int | None = None,
    pad_token_id: int = 50256,
) -> float:
    correct, count = 0, 0
    with _evaluating(model):
        for ids, labels in itertools.islice(data_loader, num_batches):
            logits = _early_logits(model, ids.to(device), pad_token_id)  # (B, K)
            correct += int((logits.argmax(dim=-1) == labels.to(device)).sum())
            count += len(labels)
    return correct / count if count else math.nan
