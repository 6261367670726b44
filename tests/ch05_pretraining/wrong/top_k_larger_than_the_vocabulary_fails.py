"""Asks topk for more than there are.

exercise: top_k_logits
rejected by: test_hidden.py::test_exactly_k_logits_are_kept
"""


def top_k_logits(logits, k):
    values, places = logits.topk(k, dim=-1)
    return torch.full_like(logits, -math.inf).scatter(-1, places, values)
