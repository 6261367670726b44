"""Averages the means of batches, as the book prints it: a token in a small batch counts more.

exercise: calc_loss_loader
rejected by: test_visible.py::test_a_small_batch_counts_less
"""


def calc_loss_loader(data_loader, model, device, num_batches=None):
    total, count = 0.0, 0
    with _evaluating(model), torch.random.fork_rng(devices=[]):
        for input_batch, target_batch in itertools.islice(data_loader, num_batches):
            tokens = int((target_batch != -100).sum())
            if tokens:
                loss = calc_loss_batch(input_batch, target_batch, model, device)
                total, count = total + loss.item(), count + 1
    return total / count if count else math.nan
