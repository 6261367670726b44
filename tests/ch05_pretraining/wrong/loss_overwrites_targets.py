"""Writes a harmless id over the ignored targets of the caller.

exercise: cross_entropy
rejected by: test_hidden.py::test_cross_entropy_changes_no_argument
"""


def cross_entropy(logits, targets, ignore_index=-100):
    keep = (targets != ignore_index).flatten()
    targets[targets == ignore_index] = 0
    logits, targets = logits.flatten(0, -2), targets.flatten()
    losses = logits.logsumexp(-1) - logits.gather(-1, targets[:, None])[:, 0]
    return losses.where(keep, 0).sum() / keep.sum()
