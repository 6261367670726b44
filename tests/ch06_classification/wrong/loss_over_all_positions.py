"""Averages the loss over all positions.

exercise: calc_class_loss_batch
rejected by: test_visible.py::test_loss_of_a_worked_example
"""


def calc_class_loss_batch(input_batch, target_batch, model, device, pad_token_id=50256):
    logits = model(input_batch.to(device))
    targets = target_batch.to(device)[:, None].expand(-1, logits.shape[1])
    return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
