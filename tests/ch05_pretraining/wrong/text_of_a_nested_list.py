"""Leaves the batch in, so that decode gets a list of lists.

exercise: token_ids_to_text
rejected by: test_visible.py::test_a_row_of_ids_becomes_a_text
"""


def token_ids_to_text(token_ids, tokenizer):
    return tokenizer.decode(token_ids.tolist())
