"""Gives the validation loss first.

exercise: evaluate_model
rejected by: test_visible.py::test_training_loss_comes_first
"""


def evaluate_model(model, train_loader, val_loader, device, eval_iter):
    val_loss = calc_loss_loader(val_loader, model, device, num_batches=eval_iter)
    return val_loss, calc_loss_loader(train_loader, model, device, num_batches=eval_iter)
