"""Takes ignore_index and does not use it.

exercise: cross_entropy
rejected by: test_hidden.py::test_another_ignore_index
"""


def cross_entropy(logits, targets, ignore_index=-100):
    logits, targets = logits.flatten(0, -2), targets.flatten()
    keep = targets != -100
    index = targets.where(keep, 0)[:, None]
    losses = logits.logsumexp(-1) - logits.gather(-1, index)[:, 0]
    return losses.where(keep, 0).sum() / keep.sum()
