"""Compares all rows with the k-th largest of the first.

exercise: top_k_logits
rejected by: test_visible.py::test_top_k_by_hand
"""


def top_k_logits(logits, k):
    rows = logits.reshape(-1, logits.shape[-1])
    kth = rows[0].topk(min(k, logits.shape[-1])).values[-1]
    return logits.masked_fill(logits < kth, -math.inf)
