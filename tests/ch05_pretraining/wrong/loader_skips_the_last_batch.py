"""Leaves out the last batch if it is smaller than the first.

exercise: calc_loss_loader
rejected by: test_visible.py::test_a_small_batch_counts_less
"""


def calc_loss_loader(data_loader, model, device, num_batches=None):
    total, count = 0.0, 0
    with _evaluating(model), torch.random.fork_rng(devices=[]):
        for input_batch, target_batch in itertools.islice(data_loader, num_batches):
            tokens = int((target_batch != -100).sum())
            first = locals().get("first", target_batch.numel())
            if tokens and target_batch.numel() >= first:
                loss = calc_loss_batch(input_batch, target_batch, model, device)
                total, count = total + loss.item() * tokens, count + tokens
    return total / count if count else math.nan
