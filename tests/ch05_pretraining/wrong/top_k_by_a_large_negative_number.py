"""Sets the others to -1e4, which leaves them a chance beside very low logits.

exercise: top_k_logits
rejected by: test_visible.py::test_top_k_by_hand
"""


def top_k_logits(logits, k):
    values, places = logits.topk(min(k, logits.shape[-1]), dim=-1)
    return torch.full_like(logits, -1e4).scatter(-1, places, values)
