"""Takes the logarithm of a probability that may have been rounded to 0.

exercise: cross_entropy
rejected by: test_hidden.py::test_cross_entropy_of_large_logits
"""


def cross_entropy(logits, targets, ignore_index=-100):
    logits, targets = logits.flatten(0, -2), targets.flatten()
    keep = targets != ignore_index
    index = targets.where(keep, 0)[:, None]
    losses = -logits.softmax(-1).gather(-1, index)[:, 0].log()
    return losses.where(keep, 0).sum() / keep.sum()
