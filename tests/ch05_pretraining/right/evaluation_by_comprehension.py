"""Evaluates both loaders in one expression, after switching the mode itself.

exercise: evaluate_model
"""


def evaluate_model(model, train_loader, val_loader, device, eval_iter):
    with _evaluating(model):
        return tuple(
            calc_loss_loader(loader, model, torch.device(device), eval_iter)
            for loader in (train_loader, val_loader)
        )
