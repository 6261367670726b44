"""Subtracts the maximum in place, in the caller's own tensor.

exercise: cross_entropy
rejected by: test_hidden.py::test_cross_entropy_changes_no_argument
"""


def cross_entropy(logits, targets, ignore_index=-100):
    logits, targets = logits.flatten(0, -2), targets.flatten()
    with torch.no_grad():
        logits -= logits.amax(dim=-1, keepdim=True)
    keep = targets != ignore_index
    index = targets.where(keep, 0)[:, None]
    losses = logits.logsumexp(-1) - logits.gather(-1, index)[:, 0]
    return losses.where(keep, 0).sum() / keep.sum()
