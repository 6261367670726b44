"""Keeps probabilities above 1e-12 so that the logarithm stays finite: large losses are cut off,
and their gradients are 0.

exercise: cross_entropy
rejected by: test_hidden.py::test_cross_entropy_of_large_logits
"""


def cross_entropy(logits, targets, ignore_index=-100):
    logits, targets = logits.flatten(0, -2), targets.flatten()
    keep = targets != ignore_index
    index = targets.where(keep, 0)[:, None]
    losses = -logits.softmax(-1).gather(-1, index)[:, 0].clamp(min=1e-12).log()
    return losses.where(keep, 0).sum() / keep.sum()
