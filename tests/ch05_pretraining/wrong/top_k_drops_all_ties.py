"""Keeps what is above the k-th largest: one too few, and more with ties.

exercise: top_k_logits
rejected by: test_visible.py::test_top_k_by_hand
"""


def top_k_logits(logits, k):
    kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]
    return logits.masked_fill(logits <= kth, -math.inf)
