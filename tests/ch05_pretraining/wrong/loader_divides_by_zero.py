"""Does not expect that there may be nothing to average.

exercise: calc_loss_loader
rejected by: test_visible.py::test_an_empty_loader_gives_nan
"""


def calc_loss_loader(data_loader, model, device, num_batches=None):
    total, count = 0.0, 0
    with _evaluating(model), torch.random.fork_rng(devices=[]):
        for input_batch, target_batch in itertools.islice(data_loader, num_batches):
            tokens = int((target_batch != -100).sum())
            if tokens:
                loss = calc_loss_batch(input_batch, target_batch, model, device)
                total, count = total + loss.item() * tokens, count + tokens
    return total / count
