"""Normalises over time instead of over the vocabulary where there is a batch.

exercise: cross_entropy
rejected by: test_visible.py::test_cross_entropy_by_hand
"""


def cross_entropy(logits, targets, ignore_index=-100):
    logs = logits.log_softmax(1).flatten(0, -2)
    targets = targets.flatten()
    keep = targets != ignore_index
    losses = -logs.gather(-1, targets.where(keep, 0)[:, None])[:, 0]
    return losses.where(keep, 0).sum() / keep.sum()
