"""Reads the first position, as one does with BERT.

exercise: last_token_logits
rejected by: test_visible.py::test_logits_of_the_last_real_token
"""


def last_token_logits(logits, lengths):
    return logits[:, 0]
