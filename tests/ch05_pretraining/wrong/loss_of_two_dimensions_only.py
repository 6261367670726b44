"""Forgets to flatten batch and time.

exercise: cross_entropy
rejected by: test_visible.py::test_cross_entropy_by_hand
"""


def cross_entropy(logits, targets, ignore_index=-100):
    keep = targets != ignore_index
    index = targets.where(keep, 0)[:, None]
    losses = logits.logsumexp(-1) - logits.gather(-1, index)[:, 0]
    return losses.where(keep, 0).sum() / keep.sum()
