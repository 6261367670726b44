"""Counts whole epochs only, so that most of CommonCrawl was never read.

exercise: dataset_epochs
rejected by: test_hidden.py::test_epochs_of_any_data_set
"""


def dataset_epochs(dataset_tokens, share, trained_tokens):
    if dataset_tokens <= 0 or not 0 <= share <= 1:
        raise ValueError(f"dataset_tokens {dataset_tokens}, share {share}")
    return share * trained_tokens // dataset_tokens
