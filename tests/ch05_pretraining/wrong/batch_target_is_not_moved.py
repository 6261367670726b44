"""Moves the input and forgets the target.

exercise: calc_loss_batch
rejected by: test_hidden.py::test_batches_are_moved_to_the_device
"""


def calc_loss_batch(input_batch, target_batch, model, device):
    return cross_entropy(model(input_batch.to(device)), target_batch)
