"""Divides by num_batches, also where the loader has fewer.

exercise: calc_loss_loader
rejected by: test_hidden.py::test_every_token_counts_alike
"""


def calc_loss_loader(data_loader, model, device, num_batches=None):
    total, count = 0.0, 0
    with _evaluating(model), torch.random.fork_rng(devices=[]):
        for input_batch, target_batch in itertools.islice(data_loader, num_batches):
            tokens = int((target_batch != -100).sum())
            if tokens:
                loss = calc_loss_batch(input_batch, target_batch, model, device)
                total, count = total + loss.item() * tokens, count + tokens
    if num_batches is None:
        return total / count if count else math.nan
    per_batch = count / max(1, min(num_batches, len(data_loader)))
    return total / (per_batch * num_batches) if count and num_batches else math.nan
