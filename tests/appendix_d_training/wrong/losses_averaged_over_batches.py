"""Averages the losses of the batches, so that the tokens of a small batch count more.

exercise: train_model
rejected by: test_hidden.py::test_losses_are_averaged_over_tokens
"""

import itertools


def _mean_loss(model, loader, device, num_batches):
    total, count = 0.0, 0
    with _evaluation(model):
        for inputs, targets in itertools.islice(loader, num_batches):
            logits = model(inputs.to(device)).flatten(0, 1)
            targets = targets.to(device).flatten()
            total += F.cross_entropy(logits, targets).item()
            count += 1
    return total / count
