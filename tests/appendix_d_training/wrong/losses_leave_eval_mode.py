"""Stays in eval mode after the first evaluation, so that the rest is trained without dropout.

exercise: train_model
rejected by: test_hidden.py::test_dropout_works_in_training_only
"""

import itertools


def _mean_loss(model, loader, device, num_batches):
    total, count = 0.0, 0
    model.eval()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for inputs, targets in itertools.islice(loader, num_batches):
            logits = model(inputs.to(device)).flatten(0, 1)
            targets = targets.to(device).flatten()
            total += F.cross_entropy(logits, targets, reduction="sum").item()
            count += targets.numel()
    return total / count
