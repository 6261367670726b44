"""Gives the caller's own tensor back where all are kept.

exercise: top_k_logits
rejected by: test_hidden.py::test_exactly_k_logits_are_kept
"""


def top_k_logits(logits, k):
    if k >= logits.shape[-1]:
        return logits
    values, places = logits.topk(k)
    return torch.full_like(logits, -math.inf).scatter(-1, places, values)
