"""Keeps the k largest of all rows together.

exercise: top_k_logits
rejected by: test_visible.py::test_top_k_by_hand
"""


def top_k_logits(logits, k):
    values, places = logits.flatten().topk(min(k, logits.numel()))
    return torch.full_like(logits, -math.inf).flatten().scatter(0, places, values).view_as(logits)
