"""Computes and answers in float32, whatever the dtype of the logits.

exercise: cross_entropy
rejected by: test_hidden.py::test_cross_entropy_equals_torch
"""


def cross_entropy(logits, targets, ignore_index=-100):
    logits, targets = logits.float().flatten(0, -2), targets.flatten()
    keep = targets != ignore_index
    index = targets.where(keep, 0)[:, None]
    losses = logits.logsumexp(-1) - logits.gather(-1, index)[:, 0]
    return losses.where(keep, 0).sum() / keep.sum()
