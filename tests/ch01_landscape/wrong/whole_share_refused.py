"""Refuses a share of exactly 1, the mix with a single data set.

exercise: dataset_epochs
rejected by: test_hidden.py::test_shares_outside_0_to_1_are_refused
"""


def dataset_epochs(dataset_tokens, share, trained_tokens):
    if dataset_tokens <= 0 or not 0 <= share < 1:
        raise ValueError(f"dataset_tokens {dataset_tokens}, share {share}")
    return share * trained_tokens / dataset_tokens
