"""Computes without a gradient graph, so that nothing can be trained on it.

exercise: cross_entropy
rejected by: test_hidden.py::test_cross_entropy_has_gradients
"""


def cross_entropy(logits, targets, ignore_index=-100):
    logits, targets = logits.flatten(0, -2), targets.flatten()
    logits = logits.detach()
    keep = targets != ignore_index
    index = targets.where(keep, 0)[:, None]
    losses = logits.logsumexp(-1) - logits.gather(-1, index)[:, 0]
    return losses.where(keep, 0).sum() / keep.sum()
