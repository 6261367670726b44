"""Limits the training batches only.

exercise: evaluate_model
rejected by: test_hidden.py::test_both_losses_are_those_of_the_model
"""


def evaluate_model(model, train_loader, val_loader, device, eval_iter):
    train_loss = calc_loss_loader(train_loader, model, device, num_batches=eval_iter)
    return train_loss, calc_loss_loader(val_loader, model, device)
