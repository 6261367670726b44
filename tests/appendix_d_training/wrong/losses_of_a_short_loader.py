"""Divides by eval_iter even where a loader has fewer batches.

exercise: train_model
rejected by: test_visible.py::test_losses_are_those_of_the_weights
"""

import itertools


def _mean_loss(model, loader, device, num_batches):
    total, count = 0.0, 0
    with _evaluation(model):
        for inputs, targets in itertools.islice(loader, num_batches):
            logits = model(inputs.to(device)).flatten(0, 1)
            targets = targets.to(device).flatten()
            total += F.cross_entropy(logits, targets).item()
            count += targets.numel()
    return total / num_batches
