"""Keeps all that are not below the k-th largest, as the book does: more than k where there are
ties.

exercise: top_k_logits
rejected by: test_hidden.py::test_exactly_k_logits_are_kept
"""


def top_k_logits(logits, k):
    kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]
    return logits.masked_fill(logits < kth, -math.inf)
