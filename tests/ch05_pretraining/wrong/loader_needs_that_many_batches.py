"""Fails where the loader has fewer batches than num_batches.

exercise: calc_loss_loader
rejected by: test_hidden.py::test_every_token_counts_alike
"""


def calc_loss_loader(data_loader, model, device, num_batches=None):
    total, count = 0.0, 0
    with _evaluating(model), torch.random.fork_rng(devices=[]):
        for input_batch, target_batch in [
            list(data_loader)[i]
            for i in range(len(data_loader) if num_batches is None else num_batches)
        ]:
            tokens = int((target_batch != -100).sum())
            if tokens:
                loss = calc_loss_batch(input_batch, target_batch, model, device)
                total, count = total + loss.item() * tokens, count + tokens
    return total / count if count else math.nan
