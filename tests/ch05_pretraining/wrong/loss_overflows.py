"""Sums exp of the logits as they are, which is inf for large ones.

exercise: cross_entropy
rejected by: test_hidden.py::test_cross_entropy_of_large_logits
"""


def cross_entropy(logits, targets, ignore_index=-100):
    logits, targets = logits.flatten(0, -2), targets.flatten()
    keep = targets != ignore_index
    index = targets.where(keep, 0)[:, None]
    losses = logits.exp().sum(-1).log() - logits.gather(-1, index)[:, 0]
    return losses.where(keep, 0).sum() / keep.sum()
