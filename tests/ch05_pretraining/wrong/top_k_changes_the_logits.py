"""Writes -inf into the caller's own tensor.

exercise: top_k_logits
rejected by: test_hidden.py::test_exactly_k_logits_are_kept
"""


def top_k_logits(logits, k):
    places = logits.argsort(dim=-1, descending=True)[..., k:]
    return logits.scatter_(-1, places, -math.inf)
