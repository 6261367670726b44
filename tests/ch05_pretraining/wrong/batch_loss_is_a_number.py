"""Gives a float, on which nobody can call backward.

exercise: calc_loss_batch
rejected by: test_visible.py::test_loss_of_a_batch
"""


def calc_loss_batch(input_batch, target_batch, model, device):
    return cross_entropy(model(input_batch.to(device)), target_batch.to(device)).item()
