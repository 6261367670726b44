"""Gives the k values without their places.

exercise: top_k_logits
rejected by: test_visible.py::test_top_k_by_hand
"""


def top_k_logits(logits, k):
    return logits.topk(min(k, logits.shape[-1]), dim=-1).values
