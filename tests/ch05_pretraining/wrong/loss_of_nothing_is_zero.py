"""Divides by at least 1, so that nothing to learn from looks like perfection.

exercise: cross_entropy
rejected by: test_hidden.py::test_cross_entropy_of_nothing
"""


def cross_entropy(logits, targets, ignore_index=-100):
    logits, targets = logits.flatten(0, -2), targets.flatten()
    keep = targets != ignore_index
    index = targets.where(keep, 0)[:, None]
    losses = logits.logsumexp(-1) - logits.gather(-1, index)[:, 0]
    return losses.where(keep, 0).sum() / keep.sum().clamp(min=1)
