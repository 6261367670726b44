"""Takes num_batches=0 for None.

exercise: calc_accuracy_loader
rejected by: test_hidden.py::test_accuracy_counts_messages_not_batches
"""


def calc_accuracy_loader(
    data_loader: Iterable[tuple[Tensor, Tensor]],
    model: nn.Module,
    device: torch.device | str,
    num_batches: int | None = None,
    pad_token_id: int = 50256,
) -> float:
    correct, count = 0, 0
    with _evaluating(model):
        for ids, labels in itertools.islice(data_loader, num_batches or None):
            logits = _class_logits(model, ids.to(device), pad_token_id)
            correct += int((logits.argmax(dim=1) == labels.to(device)).sum())
            count += len(labels)
    return correct / count if count else math.nan
