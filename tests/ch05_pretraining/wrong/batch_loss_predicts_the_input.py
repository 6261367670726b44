"""Compares the logits with the input, and never looks at the targets.

exercise: calc_loss_batch
rejected by: test_visible.py::test_loss_of_a_batch
"""


def calc_loss_batch(input_batch, target_batch, model, device):
    target_batch.to(device)
    inputs = input_batch.to(device)
    return cross_entropy(model(inputs), inputs)
