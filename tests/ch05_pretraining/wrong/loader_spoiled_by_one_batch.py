"""Adds the loss of a batch of -100 only, which is nan, times 0, which is nan.

exercise: calc_loss_loader
rejected by: test_hidden.py::test_batches_with_nothing_to_count
"""


def calc_loss_loader(data_loader, model, device, num_batches=None):
    total, count = 0.0, 0
    with _evaluating(model), torch.random.fork_rng(devices=[]):
        for input_batch, target_batch in itertools.islice(data_loader, num_batches):
            tokens = int((target_batch != -100).sum())
            if True:
                loss = calc_loss_batch(input_batch, target_batch, model, device)
                total, count = total + loss.item() * tokens, count + tokens
    return total / count if count else math.nan
