"""Averages over the real positions.

exercise: last_token_logits
rejected by: test_visible.py::test_logits_of_the_last_real_token
"""


def last_token_logits(logits, lengths):
    mask = torch.arange(logits.shape[1]) < lengths[:, None]
    return (logits * mask[..., None]).sum(dim=1) / lengths[:, None]
