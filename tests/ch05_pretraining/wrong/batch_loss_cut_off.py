"""Detaches the loss from the model's parameters.

exercise: calc_loss_batch
rejected by: test_hidden.py::test_loss_of_a_batch_can_go_backward
"""


def calc_loss_batch(input_batch, target_batch, model, device):
    return cross_entropy(model(input_batch.to(device)), target_batch.to(device)).detach()
