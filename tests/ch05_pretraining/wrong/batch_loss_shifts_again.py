"""Shifts the targets by one, although they are shifted already.

exercise: calc_loss_batch
rejected by: test_visible.py::test_loss_of_a_batch
"""


def calc_loss_batch(input_batch, target_batch, model, device):
    logits = model(input_batch.to(device))
    return cross_entropy(logits[:, :-1], target_batch.to(device)[:, 1:])
