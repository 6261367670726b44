"""Keeps the smallest.

exercise: top_k_logits
rejected by: test_visible.py::test_top_k_by_hand
"""


def top_k_logits(logits, k):
    values, places = logits.topk(min(k, logits.shape[-1]), dim=-1, largest=False)
    return torch.full_like(logits, -math.inf).scatter(-1, places, values)
