"""Takes targets of -100 for token 0.

exercise: calc_loss_batch
rejected by: test_hidden.py::test_loss_of_a_batch_equals_torch
"""


def calc_loss_batch(input_batch, target_batch, model, device):
    targets = target_batch.to(device).clamp(min=0)
    return cross_entropy(model(input_batch.to(device)), targets)
