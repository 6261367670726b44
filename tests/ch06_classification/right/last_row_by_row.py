"""Goes through the rows in Python.

exercise: last_token_logits
"""


def last_token_logits(logits, lengths):
    return torch.stack([row[int(n) - 1] for row, n in zip(logits, lengths)], dim=0)
