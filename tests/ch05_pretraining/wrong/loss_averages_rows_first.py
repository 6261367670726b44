"""Averages each row first, so that tokens in rows with fewer targets count more.

exercise: cross_entropy
rejected by: test_visible.py::test_cross_entropy_by_hand
"""


def cross_entropy(logits, targets, ignore_index=-100):
    keep = targets != ignore_index
    index = targets.where(keep, 0)[..., None]
    losses = (logits.logsumexp(-1) - logits.gather(-1, index)[..., 0]).where(keep, 0)
    return (losses.sum(-1) / keep.sum(-1)).mean()
