"""Divides by the size of an empty data set, and gives negative epochs for a negative size.

exercise: dataset_epochs
rejected by: test_hidden.py::test_a_data_set_without_tokens_is_refused
"""


def dataset_epochs(dataset_tokens, share, trained_tokens):
    if not 0 <= share <= 1:
        raise ValueError(f"share must be a fraction from 0 to 1, got {share}")
    return share * trained_tokens / dataset_tokens
