"""Weighs a batch by all its positions, those of -100 too.

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
                total, count = (
                    total + loss.item() * target_batch.numel(),
                    count + target_batch.numel(),
                )
    return total / count if count else math.nan
