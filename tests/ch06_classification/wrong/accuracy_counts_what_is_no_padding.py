"""Counts the tokens that are not padding, and so reads too early where the padding token stands inside the message.

exercise: calc_accuracy_loader
rejected by: test_hidden.py::test_accuracy_does_not_depend_on_padding
"""


def _counted_logits(model: nn.Module, ids: Tensor, pad_token_id: int) -> Tensor:
    positions = torch.arange(1, ids.shape[1] + 1, device=ids.device)  # (T,)
    ends = positions * (ids != pad_token_id)  # (B, T), 0 where there is padding
    # The last, not the count: the padding token may stand inside a message too.
    return last_token_logits(model(ids), ends.count_nonzero(dim=1).clamp(min=1))  # (B, K)


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
            logits = _counted_logits(model, ids.to(device), pad_token_id)  # (B, K)
            correct += int((logits.argmax(dim=-1) == labels.to(device)).sum())
            count += len(labels)
    return correct / count if count else math.nan
