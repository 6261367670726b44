"""Forgets to go back to train mode, so that training goes on without dropout.

exercise: evaluate_model
rejected by: test_hidden.py::test_evaluation_changes_nothing
"""


def evaluate_model(model, train_loader, val_loader, device, eval_iter):
    model.eval()
    train_loss = calc_loss_loader(train_loader, model, device, num_batches=eval_iter)
    return train_loss, calc_loss_loader(val_loader, model, device, num_batches=eval_iter)
