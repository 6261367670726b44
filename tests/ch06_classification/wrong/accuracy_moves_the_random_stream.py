"""Lets the DataLoader draw from the random stream.

exercise: calc_accuracy_loader
rejected by: test_hidden.py::test_accuracy_is_measured_in_eval_mode
"""


def calc_accuracy_loader(
    data_loader: Iterable[tuple[Tensor, Tensor]],
    model: nn.Module,
    device: torch.device | str,
    num_batches: int | None = None,
    pad_token_id: int = 50256,
) -> float:
    correct, count, training = 0, 0, model.training
    model.eval()
    with torch.no_grad():
        for ids, labels in itertools.islice(data_loader, num_batches):
            logits = _class_logits(model, ids.to(device), pad_token_id)
            correct += int((logits.argmax(dim=1) == labels.to(device)).sum())
            count += len(labels)
    model.train(training)
    return correct / count if count else math.nan
