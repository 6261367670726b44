"""As the book does: asks the loader for its length, and the model for its mode.

exercise: calc_accuracy_loader
"""


def calc_accuracy_loader(
    data_loader: Iterable[tuple[Tensor, Tensor]],
    model: nn.Module,
    device: torch.device | str,
    num_batches: int | None = None,
    pad_token_id: int = 50256,
) -> float:
    length = len(data_loader)
    num_batches = length if num_batches is None else min(num_batches, length)
    correct, count, training = 0, 0, model.training
    model.eval()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for ids, labels in itertools.islice(data_loader, num_batches):
            logits = _class_logits(model, ids.to(device), pad_token_id)
            correct += int((logits.argmax(dim=1) == labels.to(device)).sum())
            count += len(labels)
    model.train(training)
    return correct / count if count else math.nan
