"""Opens each loader once more to look at its first batch, which draws from torch's random stream.

exercise: evaluate_model
rejected by: test_hidden.py::test_evaluation_changes_nothing
"""


def evaluate_model(model, train_loader, val_loader, device, eval_iter):
    losses = []
    for loader in (train_loader, val_loader):
        empty = next(iter(loader), None) is None
        losses.append(
            math.nan if empty else calc_loss_loader(loader, model, device, num_batches=eval_iter)
        )
    return tuple(losses)
