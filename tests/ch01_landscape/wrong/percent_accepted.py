"""Takes a share of 60 for 60 times the training, without a complaint.

exercise: dataset_epochs
rejected by: test_hidden.py::test_shares_outside_0_to_1_are_refused
"""


def dataset_epochs(dataset_tokens, share, trained_tokens):
    if dataset_tokens <= 0:
        raise ValueError(f"dataset_tokens must be above 0, got {dataset_tokens}")
    return share * trained_tokens / dataset_tokens
