"""Looks at the last position only.

exercise: calc_loss_batch
rejected by: test_visible.py::test_loss_of_a_batch
"""


def calc_loss_batch(input_batch, target_batch, model, device):
    return cross_entropy(model(input_batch.to(device))[:, -1], target_batch.to(device)[:, -1])
