"""Reads a row of padding alone at its last position, because its last real one is number -1.

exercise: calc_accuracy_loader
rejected by: test_hidden.py::test_accuracy_does_not_depend_on_padding
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
        for ids, labels in itertools.islice(data_loader, num_batches):
            ids = ids.to(device)
            ends = torch.arange(1, ids.shape[1] + 1) * (ids != pad_token_id)
            logits = model(ids)[torch.arange(len(ids)), ends.amax(dim=1) - 1]
            correct += int((logits.argmax(dim=1) == labels.to(device)).sum())
            count += len(labels)
    return correct / count if count else math.nan
