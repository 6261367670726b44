"""Switches to eval mode, so that training would be without dropout.

exercise: calc_loss_batch
rejected by: test_hidden.py::test_loss_of_a_batch_keeps_the_mode
"""


def calc_loss_batch(input_batch, target_batch, model, device):
    model.eval()
    return cross_entropy(model(input_batch.to(device)), target_batch.to(device))
