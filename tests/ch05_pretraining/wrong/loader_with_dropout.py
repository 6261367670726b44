"""Evaluates in whatever mode the model is, with dropout while training.

exercise: calc_loss_loader
rejected by: test_hidden.py::test_loss_of_a_loader_is_without_dropout
"""


def calc_loss_loader(data_loader, model, device, num_batches=None):
    total, count = 0.0, 0
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for input_batch, target_batch in itertools.islice(data_loader, num_batches):
            tokens = int((target_batch != -100).sum())
            if tokens:
                loss = calc_loss_batch(input_batch, target_batch, model, device)
                total, count = total + loss.item() * tokens, count + tokens
    return total / count if count else math.nan
