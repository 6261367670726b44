"""Goes from position to position in Python.

exercise: cross_entropy
"""


def cross_entropy(logits, targets, ignore_index=-100):
    losses = []
    for row, target in zip(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1).tolist()):
        if target != ignore_index:
            largest = row.max()
            losses.append(largest + (row - largest).exp().sum().log() - row[target])
    return torch.stack(losses).mean() if losses else logits.sum() * 0 + float("nan")
