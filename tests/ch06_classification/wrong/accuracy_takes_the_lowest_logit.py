"""Predicts the class with the lowest logit.

exercise: calc_accuracy_loader
rejected by: test_visible.py::test_accuracy_of_a_worked_example
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
            logits = _class_logits(model, ids.to(device), pad_token_id)  # (B, K)
            correct += int((logits.argmin(dim=-1) == labels.to(device)).sum())
            count += len(labels)
    return correct / count if count else math.nan
