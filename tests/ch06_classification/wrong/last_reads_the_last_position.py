"""Reads the last position, which is padding in all but the longest rows.

exercise: last_token_logits
rejected by: test_visible.py::test_logits_of_the_last_real_token
"""


def last_token_logits(logits, lengths):
    return logits[:, -1, :]
