"""Always goes through all batches, however many there are.

exercise: evaluate_model
rejected by: test_visible.py::test_training_loss_comes_first
"""


def evaluate_model(model, train_loader, val_loader, device, eval_iter):
    return calc_loss_loader(train_loader, model, device), calc_loss_loader(
        val_loader, model, device
    )
