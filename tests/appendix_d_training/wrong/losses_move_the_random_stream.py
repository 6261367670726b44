"""Draws from torch's random stream while evaluating, so that the order of the data depends on how often that happens.

exercise: train_model
rejected by: test_hidden.py::test_how_often_it_evaluates_does_not_matter
"""

import itertools


def _mean_loss(model, loader, device, num_batches):
    total, count = 0.0, 0
    model.eval()
    with torch.no_grad():
        for inputs, targets in itertools.islice(loader, num_batches):
            logits = model(inputs.to(device)).flatten(0, 1)
            targets = targets.to(device).flatten()
            total += F.cross_entropy(logits, targets, reduction="sum").item()
            count += targets.numel()
    model.train()
    return total / count
