"""Computes the losses in the mode in which the model is, with dropout while training.

exercise: evaluate_model
rejected by: test_hidden.py::test_evaluation_changes_nothing
"""


def evaluate_model(model, train_loader, val_loader, device, eval_iter):
    losses = []
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for loader in (train_loader, val_loader):
            total, count = 0.0, 0
            for x, y in itertools.islice(loader, eval_iter):
                tokens = int((y != -100).sum())
                if tokens:
                    total += calc_loss_batch(x, y, model, device).item() * tokens
                    count += tokens
            losses.append(total / count if count else math.nan)
    return tuple(losses)
