"""Picks by a product with zeros and ones, so that an inf or nan behind the text comes through.

exercise: last_token_logits
rejected by: test_hidden.py::test_each_row_has_its_own_length
"""


def last_token_logits(logits, lengths):
    mask = torch.arange(logits.shape[1]) == lengths[:, None] - 1
    return (logits * mask[..., None]).sum(dim=1)
